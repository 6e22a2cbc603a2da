"""New configuration folders: the starter that `init` copies, and the one of `demo`."""

import os
import secrets
import shutil
from pathlib import Path

from maildesk.errors import Misconfigured, Problem
from maildesk.share import share_folder

KEY = "var/reply.key"  # as config/maildesk.yaml says

# What ships of a folder. A checkout that runs on its own config/ keeps a database and keys there.
_SHIPPED = {"config": ("*.yaml", "tests/*.yaml"), "templates": ("*/*",)}


def init_folder(folder: Path) -> tuple[Path, ...]:
    """Write the starter configuration, the templates and a fresh reply key; return the files.

    Raises: Misconfigured, having written nothing, where one of them is there already.
    """
    folder = folder.absolute()
    copies = {**_copies("config", folder), **_copies("templates", folder / "templates")}
    key = folder / KEY
    there = next((path for path in (*copies, key) if path.exists()), None)
    if there:
        hint = "nothing was written; choose another folder, or move it away"
        raise Misconfigured(Problem(str(there), None, None, "is there already", hint))
    try:
        for target, source in copies.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        write_key(key)
    except OSError as error:
        place = str(error.filename or folder)
        message = f"cannot be written: {error.strerror}"
        raise Misconfigured(Problem(place, None, None, message)) from None
    return (*copies, key)


def _copies(name: str, target: Path) -> dict[Path, Path]:
    source = share_folder(name)
    found = (path for pattern in _SHIPPED[name] for path in source.glob(pattern))
    files = sorted(path for path in found if path.is_file())
    return {target / path.relative_to(source): path for path in files}


def write_key(path: Path) -> None:
    """Write a fresh reply key that only its owner can read; an existing one is never replaced."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secrets.token_hex(32) + "\n")


_DEMO = {
    "maildesk.yaml": """\
# Written by "maildesk demo" at each start. Make one of your own with "maildesk init DIR".
domain: example.com
database: sqlite:///maildesk.db
listen: [{{smtp: "127.0.0.1:{port}"}}]
send: {{maildir: outgoing}}
reply: {{key: {{file: reply.key}}}}
admins: [admin@example.com]
acknowledge: {{unverified: full, per_hour: 0}}
authentication: {{dkim: false}}
""",
    "people.yaml": """\
agents:
  kari: {{name: Kari Nordmann, addresses: [kari@example.com], teams: [first-line]}}
  bo: {{name: Bo Berg, addresses: [bo@example.com], teams: [finance]}}
teams:
  first-line: {{lead: kari}}
  finance: {{lead: bo}}
""",
    "routing.yaml": """\
queues:
  helpdesk:
    {{address: support@example.com, team: first-line, name: IT Service Desk, default: true}}
  billing: {{address: billing@example.com, team: finance, name: Billing}}
rules: []
""",
    "sla.yaml": """\
sla:
  - name: demo
    clocks:
      P1: {{calendar: 24x7, first_response: 15m, next_response: 30m, resolution: 4h}}
      P2: {{calendar: 24x7, first_response: 1h, next_response: 2h, resolution: 8h}}
      P3: {{calendar: 24x7, first_response: 4h, next_response: 4h, resolution: 2d}}
      P4: {{calendar: 24x7, first_response: 8h, next_response: 8h, resolution: 5d}}
""",
}


def write_demo(folder: Path, smtp_port: int) -> Path:
    """Write a configuration that works as it is, all of it within `folder`; return the folder.

    Written anew each time, but a reply key that is there is kept: earlier tickets stay answerable.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in _DEMO.items():
        (folder / name).write_text(text.format(port=smtp_port), encoding="utf-8")
    if not (folder / "reply.key").exists():
        write_key(folder / "reply.key")
    return folder
