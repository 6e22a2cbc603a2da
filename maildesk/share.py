"""Where the files that ship with maildesk are: in the wheel, or beside a checkout's package."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def template_folders(own: Path | None) -> list[Path]:
    """Return where templates are looked for: the admin's own folder, then ours."""
    return [*([own] if own else []), share_folder("templates")]


def template_languages(own: Path | None) -> frozenset[str]:
    """Return the languages that there is at least one template in."""
    files = (path for folder in template_folders(own) for path in folder.glob("*/*.md.j2"))
    return frozenset(path.parent.name for path in files)


def share_folder(name: str) -> Path:
    """Return the folder `templates` or `config` that was shipped."""
    packed = _PACKAGE / "share" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name


def acknowledgements(own: Path | None) -> frozenset[str]:
    """Return the templates that an acknowledgement may be written by: `received`, and the admin's
    own that are not those of other mails."""
    named = template_names(own) if own else frozenset()
    return named - template_names(share_folder("templates")) | {"received"}


def template_names(folder: Path) -> frozenset[str]:
    """Return the names of the mails that there are templates for in a folder."""
    return frozenset(file.name.removesuffix(".md.j2") for file in folder.glob("*/*.md.j2"))
