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


def template_names(own: Path | None) -> frozenset[str]:
    """Return the names of the mails that there are templates for."""
    folders = template_folders(own)
    files = (file for folder in folders for file in folder.glob("*/*.md.j2"))
    return frozenset(name.name.removesuffix(".md.j2") for name in files) - {"_parts"}
