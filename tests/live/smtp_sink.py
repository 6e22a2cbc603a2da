"""A real SMTP server in its own process, as the smarthost of the tests.

It keeps every mail it takes as a file, and does what the recipient's local part tells it:

    defer@…      450 at RCPT          lost@…    takes the mail, then hangs up without a reply
    fail@…       550 at RCPT          stall@…   takes the mail, and never replies
    refuse@…     554 after the mail   garbled@… takes the mail, and replies nonsense
    full@…       452 after the mail   bye@…     421 at RCPT, and hangs up

Run as a script it is the server; imported it starts one.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

RCPT_REPLIES = {
    "defer": "450 4.7.1 Greylisted,\r\n450 4.7.1 come back later",
    "fail": "550 5.1.1 No such mailbox",
}
DATA_REPLIES = {
    "refuse": "554 5.6.0 We do not want this",
    "full": "452 4.3.1 The disk is full",
    "garbled": "what was that?",
}


@dataclass(frozen=True)
class Taken:
    """A mail that the sink took."""

    reverse_path: str
    recipients: list[str]
    options: list[str]
    session: int
    raw: bytes


@dataclass
class SmtpSink:
    """A running sink. `port` stays the same over a restart."""

    folder: Path
    arguments: list[str]
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        ready = self.folder / "port"
        ready.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(self.folder), "--port", str(self.port), *self.arguments]
        )
        deadline = time.monotonic() + 20
        while not ready.exists():
            assert self.process.poll() is None, "the sink did not start"
            assert time.monotonic() < deadline, "the sink is not ready"
            time.sleep(0.01)
        self.port = int(ready.read_text())

    def stop(self) -> None:
        """Kill it; calling it twice is fine."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    @property
    def mails(self) -> list[Taken]:
        """The mails taken so far, in order."""
        found = sorted(self.folder.glob("*.json"), key=lambda path: int(path.stem))
        return [
            Taken(**json.loads(path.read_text()), raw=path.with_suffix(".eml").read_bytes())
            for path in found
        ]

    @property
    def log(self) -> list[str]:
        """Log-ins that were tried, with their passwords."""
        path = self.folder / "log-ins"
        return path.read_text().splitlines() if path.exists() else []


@contextlib.contextmanager
def running_sink(
    folder: Path,
    tls: str = "none",
    certificate: Path | None = None,
    password: str = "",
    *features: str,
) -> Iterator[SmtpSink]:
    """Start a sink: `tls` none, starttls or implicit, `certificate` a PEM with its key, `password`
    that of the user "desk"; features: "plain" (no 8BITMIME, no SMTPUTF8)."""
    folder.mkdir(parents=True, exist_ok=True)
    arguments = ["--tls", tls, "--password", password, "--features", *features]
    if certificate:
        arguments += ["--certificate", str(certificate)]
    sink = SmtpSink(folder, arguments)
    sink.start()
    try:
        yield sink
    finally:
        sink.stop()


# --- the server ---------------------------------------------------------------------------------


class Handler:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = count(len(list(folder.glob("*.json"))))
        self.sessions = count(1)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        if not hasattr(session, "number"):
            session.number = next(self.sessions)
        session.host_name = hostname
        if "plain" in server.features:
            responses = [line for line in responses if "8BITMIME" not in line]
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        behaviour = address.partition("@")[0]
        if behaviour == "bye":
            await server.push("421 4.3.2 Shutting down")
            server.transport.close()
        if behaviour in RCPT_REPLIES:
            return RCPT_REPLIES[behaviour].replace("450 4.7.1 Grey", "450-4.7.1 Grey")
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        behaviour = envelope.rcpt_tos[0].partition("@")[0]
        if behaviour in ("refuse", "full"):
            return DATA_REPLIES[behaviour]
        self.keep(session, envelope)
        if behaviour == "lost":
            server.transport.abort()
        if behaviour == "stall":
            await asyncio.sleep(3600)
        return DATA_REPLIES.get(behaviour, "250 2.0.0 Ok: taken")

    def keep(self, session: Any, envelope: Any) -> None:
        number = next(self.numbers)
        content = envelope.original_content
        (self.folder / f"{number}.eml").write_bytes(content)
        about = {
            "reverse_path": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "options": envelope.mail_options,
            "session": session.number,
        }
        unfinished = self.folder / f"{number}.tmp"
        unfinished.write_text(json.dumps(about))
        unfinished.rename(self.folder / f"{number}.json")


def server_class(arguments: argparse.Namespace) -> type:
    from aiosmtpd.smtp import SMTP, AuthResult  # noqa: PLC0415 - the importing side needs none

    class Sink(SMTP):
        features = arguments.features

        def __init__(self, handler: Handler, **settings: Any) -> None:
            super().__init__(
                handler,
                hostname="sink.example",
                enable_SMTPUTF8="plain" not in arguments.features,
                authenticator=self.judge if arguments.password else None,
                auth_required=bool(arguments.password),
                auth_require_tls=False,
                timeout=3600,
                **settings,
            )

        def judge(self, server, session, envelope, mechanism, auth_data):
            given = f"{auth_data.login.decode()} {auth_data.password.decode()}"
            with (arguments.folder / "log-ins").open("a") as file:
                file.write(given + "\n")
            return AuthResult(success=given == f"desk {arguments.password}", handled=False)

    return Sink


async def serve(arguments: argparse.Namespace) -> None:
    handler, sink = Handler(arguments.folder), server_class(arguments)
    context = None
    if arguments.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(arguments.certificate)
    is_starttls = arguments.tls == "starttls"
    settings = {"tls_context": context, "require_starttls": True} if is_starttls else {}
    server = await asyncio.get_running_loop().create_server(
        lambda: sink(handler, **settings),
        "127.0.0.1",
        arguments.port,
        ssl=context if arguments.tls == "implicit" else None,
    )
    port = server.sockets[0].getsockname()[1]
    unfinished = arguments.folder / f"port.{os.getpid()}"
    unfinished.write_text(str(port))
    unfinished.rename(arguments.folder / "port")
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", default="none")
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--password", default="")
    parser.add_argument("--features", nargs="*", default=[])
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
