"""What people do wrong, and what may be out of reach: a clear line on stderr, the right exit code,
no traceback, nothing lost."""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import PEOPLE, RunningDaemon, free_port, wait_until, write_mail

Done = subprocess.CompletedProcess[bytes] | subprocess.CompletedProcess[str]


def assert_says(done: Done, code: int, *words: str, lines: int = 1) -> None:
    """One clear line, no traceback."""
    said = done.stderr if isinstance(done.stderr, str) else done.stderr.decode()
    assert done.returncode == code, said
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) == lines, said
    for word in words:
        assert word in said


@pytest.fixture
def desk(make_daemon: Callable[..., RunningDaemon]) -> RunningDaemon:
    """A configuration; no daemon runs on it."""
    return make_daemon()


# --- usage --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["tickets"], "tickets"),
        (["run", "--quickly"], "--quickly"),
        (["ticket", "show", "first"], "first"),
        (["explain"], "FILE"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_64(desk: RunningDaemon, arguments: list[str], word: str) -> None:
    done = desk.ask(*arguments)
    assert_says(done, 64, "--help")
    assert word.lower() in done.stderr.lower() or "integer" in done.stderr


def test_a_process_ends_with_the_code_of_its_command(desk: RunningDaemon) -> None:
    assert_says(desk.cli("tickets"), 64, "tickets")


def test_what_is_not_there_is_65(desk: RunningDaemon) -> None:
    assert desk.cli("receive", stdin=write_mail(1)).returncode == 0
    assert_says(desk.ask("ticket", "show", "999"), 65, "999")
    assert_says(desk.ask("explain", "missing.eml"), 65, "missing.eml")


def test_commands_that_look_say_that_no_database_is_there_yet(desk: RunningDaemon) -> None:
    assert_says(desk.ask("ticket", "list"), 75, str(desk.folder / "maildesk.db"))


# --- configuration ------------------------------------------------------------------------------


def test_missing_folder_is_78(desk: RunningDaemon) -> None:
    words = ["/there/is/none", "maildesk init"]
    desk.folder = Path(words[0])
    assert_says(desk.ask("check"), 78, *words)
    assert_says(desk.cli("run"), 78, *words)


def test_every_fault_of_a_configuration_is_told_at_once(desk: RunningDaemon) -> None:
    desk.configure(lissten=[])  # an unknown key
    desk.write("people.yaml", {**PEOPLE, "teams": "first-line"})  # a wrong type
    routing = desk.folder / "routing.yaml"
    routing.write_text(routing.read_text() + "rules: []\n")  # a duplicate key
    (desk.folder / "sla.yaml").unlink()
    (desk.folder / "reply.key").chmod(0o644)
    words = ["maildesk.yaml:", "lissten", "reply.key", "chmod", "people.yaml:", "routing.yaml:"]
    assert_says(desk.cli("run"), 78, *words, "sla.yaml", lines=5)
    assert_says(desk.cli("receive", stdin=write_mail(1)), 75, *words, "sla.yaml", lines=5)


# --- receive ------------------------------------------------------------------------------------


def test_receive_without_a_mail_is_75(desk: RunningDaemon) -> None:
    assert_says(desk.cli("receive", stdin=b"\r\n \r\n"), 75, "no mail")


def test_receive_with_wrong_usage_is_75(desk: RunningDaemon) -> None:
    assert_says(desk.cli("receive", "--qeue", "help", stdin=write_mail(1)), 75, "--qeue")


def test_receive_without_stderr_is_75_nevertheless(desk: RunningDaemon) -> None:
    command = " ".join([*desk.program, "receive", "2>&-", "</dev/null"])
    done = subprocess.run(["sh", "-c", command], env=desk.environment, check=False)
    assert done.returncode == 75


def test_receive_makes_tickets_with_and_without_a_daemon(desk: RunningDaemon) -> None:
    garbage = bytes(range(256)) * 20
    assert desk.cli("receive", stdin=garbage).returncode == 0
    assert desk.cli("receive", "--from", "ada@example.org", stdin=write_mail(1)).returncode == 0
    assert [ticket["requester"] for ticket in desk.tickets][1:] == ["ada@example.org"]
    desk.start()
    beside = desk.cli("receive", stdin=write_mail(2, "bo@example.org"))
    assert (beside.returncode, beside.stderr) == (0, b"")
    assert [ticket["requester"] for ticket in desk.wait_for_tickets(3)][2:] == ["bo@example.org"]


# --- the daemon ---------------------------------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_busy_port_ends_the_start_with_its_number(
    desk: RunningDaemon, listener: socket.socket
) -> None:
    port = listener.getsockname()[1]
    desk.configure(listen=[{"smtp": f"127.0.0.1:{port}"}])
    done = desk.cli("run")
    assert done.returncode not in (0, 1)
    assert str(port) in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    desk.configure(
        listen=[{"smtp": f"127.0.0.1:{desk.smtp_port}"}], http={"listen": f"127.0.0.1:{port}"}
    )
    done = desk.cli("run")
    assert done.returncode not in (0, 1)
    assert str(port) in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_second_daemon_is_75_and_the_first_is_well(daemon: RunningDaemon) -> None:
    assert daemon.process
    assert_says(daemon.cli("run"), 75, str(daemon.process.pid))
    daemon.send(write_mail(1))
    assert len(daemon.wait_for_tickets(1)) == 1

    assert daemon.health() == (200, {"ok": True, "troubles": {}})
    with socket.create_connection(("127.0.0.1", daemon.http_port), timeout=30) as peer:
        peer.sendall(b"GET /tickets HTTP/1.0\r\n\r\n")
        assert b" 404 " in peer.recv(4096).splitlines()[0]


@pytest.fixture
def out_of_reach(desk: RunningDaemon) -> RunningDaemon:
    """A daemon whose mailbox and whose smarthost nobody serves."""
    password = desk.folder / "imap.password"
    password.write_text("secret")
    password.chmod(0o600)
    mailbox = {
        "name": "support",
        "host": "127.0.0.1",
        "port": free_port(),
        "tls": "none",
        "user": "support@example.com",
        "password": {"file": "imap.password"},
    }
    smarthost = {"host": "127.0.0.1", "port": free_port(), "tls": "none"}
    desk.configure(mailboxes=[mailbox], send={"smarthost": smarthost})
    return desk


def test_servers_out_of_reach_stop_nothing_and_are_named(out_of_reach: RunningDaemon) -> None:
    daemon = out_of_reach
    daemon.start()
    daemon.send(write_mail(1))
    assert len(daemon.wait_for_tickets(1)) == 1

    wait_until(lambda: (daemon.health() or (0, {}))[0] == 503)
    answer = daemon.health()
    assert answer
    troubles = answer[1]["troubles"]
    assert list(troubles) == ["mailbox support"]
    assert "127.0.0.1" in troubles["mailbox support"]

    wait_until(lambda: daemon.count("outgoing where state = 'deferred' and ticket = 1") == 2)
    for mail in daemon.objects("outbox", "list"):
        assert (mail["state"], mail["attempts"]) == ("deferred", 1)
        assert "refused" in mail["error"].lower()
    assert "Traceback" not in daemon.log
    assert "secret" not in daemon.log
    assert daemon.stop() == 0


def test_process_names_the_mailbox_it_cannot_read_and_does_the_rest(
    out_of_reach: RunningDaemon,
) -> None:
    daemon = out_of_reach
    daemon.start()
    daemon.send(write_mail(1))
    daemon.kill9()
    assert_says(daemon.cli("process"), 75, "mailbox support")
    assert len(daemon.tickets) == 1


def test_log_is_json_under_systemd(desk: RunningDaemon) -> None:
    desk.environ = {"INVOCATION_ID": "1"}
    desk.spawn()
    wait_until(desk.is_listening)
    desk.send(write_mail(1))
    wait_until(lambda: "mail in" in desk.log)
    assert desk.stop() == 0
    events = [json.loads(line) for line in desk.log.splitlines()]
    (taken,) = [event for event in events if event["event"] == "mail in"]
    assert {"receipt", "message_id", "ticket", "timestamp", "level"} <= taken.keys()


def test_what_init_writes_works_as_it_is(tmp_path: Path, desk: RunningDaemon) -> None:
    folder = tmp_path / "fresh"
    assert desk.ask("init", str(folder)).returncode == 0
    desk.folder = folder
    assert desk.ask("check").returncode == 0
    assert desk.cli("receive", stdin=write_mail(1)).returncode == 0
    assert len(desk.tickets) == 1
