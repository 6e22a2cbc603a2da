"""What the shapes of the configuration files are made of: a section, and secrets.

A key that is planned but does nothing yet is refused in so many words (`not_yet`, `refuse`), or
warned of where that harms nobody.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from maildesk.config.words import fault


class Section(BaseModel):
    """A mapping whose keys are all known; `"25"` is never taken for 25."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def choose_one(section: Section, *names: str) -> None:
    """Check that exactly one of these keys is given."""
    given = [name for name in names if getattr(section, name) is not None]
    if len(given) != 1:
        found = "none" if not given else " and ".join(given)
        raise fault(f"exactly one of {', '.join(names)} must be given", f"found: {found}")


def not_yet(hint: str = "leave it out") -> BeforeValidator:
    """Mark a key that is planned but does nothing yet."""

    def fail(_value: object) -> object:
        raise fault("not supported yet", hint)

    return BeforeValidator(fail)


def refuse(choice: object) -> AfterValidator:
    """Mark one choice of a key that is planned but does nothing yet."""

    def check(value: Any) -> Any:
        if value == choice:
            raise fault(f"{choice} is not supported yet", "leave it out")
        return value

    return AfterValidator(check)


class SecretSource(Section):
    """Where a secret is read from; the secret itself never stands in YAML."""

    credential: str | None = Field(
        default=None, description="a name in `$CREDENTIALS_DIRECTORY` (systemd's `LoadCredential=`)"
    )
    file: str | None = Field(
        default=None, description="the path of a file that only its owner can read"
    )
    env: str | None = Field(default=None, description="the name of an environment variable")

    @model_validator(mode="after")
    def _one_source(self) -> "SecretSource":
        choose_one(self, "credential", "file", "env")
        return self


def _never_literal(value: object) -> object:
    if isinstance(value, (str, int, float, bool)):
        hint = "write {file: PATH}, {credential: NAME} or {env: NAME} instead"
        raise fault("a secret must not stand in this file", hint)
    return value


Secret = Annotated[SecretSource, BeforeValidator(_never_literal)]
