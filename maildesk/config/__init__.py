"""Configuration: YAML and credentials become frozen settings, or clear words on what is wrong.

    yaml_source      bytes -> plain values and the place of each; strict
    yaml_words       words for YAML's surprises and faults
    words            the kinds of text that values are made of, each with its check
    section          what shapes are made of
    maildesk_file    the shape of maildesk.yaml
    reloaded_files   the shapes of people.yaml, routing.yaml and sla.yaml
    shape            a document held against a shape
    references       what one key says of another
    sla, sla_schema  sla.yaml, which `policy.sla.file` reads
    agent_words      aliases of commands, canned answers
    credentials      secrets and files, with their modes
    pagers           where agents and admins are paged
    resolve          maildesk.yaml -> settings
    desk             the other three files -> rules
    policy_test_file an admin's own tests, for `maildesk test`
    starter          new configuration folders

All problems of all files are told at once: a fault in one file does not hide those in another.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from maildesk.config import references
from maildesk.config.credentials import Surroundings, surroundings
from maildesk.config.desk import Desk, desk_rules, desk_sources, read_desk
from maildesk.config.maildesk_file import MaildeskFile
from maildesk.config.reloaded_files import PeopleFile, RoutingFile, SlaFile
from maildesk.config.resolve import Static, database_url, resolve, static_rules
from maildesk.config.routing_rules import SAME
from maildesk.config.section import Section
from maildesk.config.shape import File, read_file
from maildesk.errors import Misconfigured, NotFound, Problem
from maildesk.policy.rules import Rules
from maildesk.settings import Limits, Settings
from maildesk.share import acknowledgements, template_languages

FILES: dict[str, type[Section]] = {
    "maildesk": MaildeskFile,
    "people": PeopleFile,
    "routing": RoutingFile,
    "sla": SlaFile,
}
SEARCHED = (Path("config"), Path("/etc/maildesk"))


def find_folder(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the configuration folder: as given, $MAILDESK_CONFIG, ./config or /etc/maildesk.

    Raises: Misconfigured if there is none.
    """
    named = option or environ.get("MAILDESK_CONFIG")
    if named:
        return Path(named).absolute()
    for folder in SEARCHED:
        if folder.is_dir():
            return folder.absolute()
    searched = " or ".join(str(folder) for folder in SEARCHED)
    hint = 'make one with "maildesk init DIR", and name it with --config or MAILDESK_CONFIG'
    raise Misconfigured(Problem(searched, None, None, "there is no configuration", hint))


def check_folder(folder: Path, environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return every problem of a configuration; no warnings."""
    try:
        load(folder, environ)
    except Misconfigured as error:
        return error.problems
    return ()


def load(
    folder: Path,
    environ: Mapping[str, str],
    *,
    kept: Mapping[str, str] | None = None,
    fault_of_pager: Callable[[str], str] = lambda _url: "",
) -> Settings:
    """Read the whole configuration; what is allowed but hardly meant stands in its `warnings`.

    `kept`: texts to read in place of the files that are reloaded (`Settings.sources`);
    `fault_of_pager` tells what is wrong with an apprise URL.
    Raises: Misconfigured with every problem of every file, in the order of file and line.
    """
    folder = folder.absolute()
    _require_folder(folder)
    around = surroundings(folder, environ, fault_of_pager)
    file = read_file(folder, "maildesk.yaml", MaildeskFile)
    desk = _read_desk(folder, kept, around)
    static, problems = None, [*file.problems]
    if file.found:
        static, unusable = resolve(file.found, file.document, around)
        problems += [*unusable, *references.check_static(file.document, file.found)]
    problems += desk.problems(tuple(file.found.admins) if file.found else ())
    if problems or static is None:
        raise Misconfigured(*_sorted(problems))
    return _settings(folder, file, static, desk, around)


def _settings(
    folder: Path, file: File[MaildeskFile], static: Static, desk: Desk, around: Surroundings
) -> Settings:
    """Make settings of files that have no problem."""
    templates = _own_templates(folder)
    warnings = [
        *references.static_warnings(file.document, file.model),
        *static.pagers.warnings,
        *desk.warnings(template_languages(templates)),
    ]
    return Settings(
        folder=folder,
        state=around.state,
        database=static.database,
        listen=static.listen,
        mailboxes=static.mailboxes,
        send=static.send,
        rules=desk_rules(static_rules(file.model, static), desk),
        limits=Limits(**file.model.limits.model_dump()),
        http=static.http,
        templates=templates,
        backoff_seconds=file.model.backoff_seconds,
        warnings=_sorted(warnings),
        sources=desk_sources(desk),
        environ=around.environ,
    )


def _read_desk(folder: Path, kept: Mapping[str, str] | None, around: Surroundings) -> Desk:
    """Read the files that are reloaded, or the kept ones. Of those, rules may name any template:
    one that is gone since then costs no mail, `received` takes its place."""
    if kept is None:
        return read_desk(folder, acknowledgements(_own_templates(folder)), around)
    with tempfile.TemporaryDirectory(prefix="maildesk-") as made:
        for name, text in kept.items():
            path = Path(made, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        return read_desk(Path(made), None, around)


def load_database(folder: Path, environ: Mapping[str, str]) -> str:
    """Return the database's URL, for commands that only look into it.

    Nothing else is read: an admin whose rules have a fault still sees his tickets.
    Raises: Misconfigured with the problems of maildesk.yaml.
    """
    folder = folder.absolute()
    _require_folder(folder)
    file = read_file(folder, "maildesk.yaml", MaildeskFile)
    if file.found is None or file.problems:
        raise Misconfigured(*_sorted(file.problems))
    return database_url(file.found, surroundings(folder, environ))


def load_again(folder: Path, current: Settings, routing_file: Path | None = None) -> Settings:
    """Read people.yaml, routing.yaml, sla.yaml and agents' words again; what maildesk.yaml says
    stays in force. `routing_file`: another one in place of routing.yaml.

    Raises: Misconfigured with every problem; the rules of `current` are then to stay in force.
    """
    _require_folder(folder)
    around = Surroundings(current.state, current.environ)
    templates = _own_templates(folder)
    desk = read_desk(folder, acknowledgements(templates), around, routing_file)
    if problems := desk.problems(current.rules.admins):
        raise Misconfigured(*_sorted(problems))
    rules, sources = desk_rules(current.rules, desk), desk_sources(desk)
    return replace(current, rules=rules, sources=sources, templates=templates)


def load_rules(folder: Path, current: Settings, routing_file: Path | None = None) -> Rules:
    """Return the rules alone of what `load_again` reads."""
    return load_again(folder, current, routing_file).rules


def schema_of(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a file, for completion in editors.

    `name`: one of `FILES`, with or without ".yaml". Raises: NotFound.
    """
    shape = FILES.get(name.removesuffix(".yaml"))
    if shape is None:
        raise NotFound(f'there is no configuration file "{name}"; there are {", ".join(FILES)}')
    dialect = "https://json-schema.org/draft/2020-12/schema"
    text = json.dumps(shape.model_json_schema()).replace(f'"{SAME}"', '"$ref"')
    return {"$schema": dialect, **json.loads(text)}


def _require_folder(folder: Path) -> None:
    if folder.is_file():
        hint = "--config names the folder that it stands in"
        raise Misconfigured(Problem(str(folder), None, None, "this is a file", hint))
    if not folder.is_dir():
        hint = f'make one with "maildesk init {folder}"'
        raise Misconfigured(Problem(str(folder), None, None, "there is no such folder", hint))


def _own_templates(folder: Path) -> Path | None:
    templates = folder / "templates"
    return templates if templates.is_dir() else None


def _sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    order = {f"{name}.yaml": place for place, name in enumerate(FILES)}

    def place(problem: Problem) -> tuple[int, str, int, int]:
        """The files of the folder, then those below it."""
        at = order.get(problem.file, len(order))
        return at, problem.file, problem.line or 0, problem.column or 0

    return tuple(sorted(problems, key=place))
