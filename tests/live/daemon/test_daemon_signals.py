"""SIGTERM and SIGHUP, as systemd sends them; what the service manager is told; its unit."""

import contextlib
import shutil
import smtplib
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import PEOPLE, ROUTING, STOP_SECONDS, RunningDaemon, wait_until, write_mail

UNIT = Path(__file__).parents[3] / "maildesk.service"
UNSAFE = 20  # of 100: what systemd-analyze may find exposed at most


def test_sigterm_under_load_ends_with_0_and_loses_nothing(daemon: RunningDaemon) -> None:
    accepted: list[str] = []
    ended: list[BaseException] = []

    def send(client: int) -> None:
        try:
            with daemon.connect() as smtp:
                for number in range(10_000):
                    mail = write_mail(f"{client}-{number}")
                    smtp.sendmail(f"c{client}@example.org", ["support@example.com"], mail)
                    accepted.append(f"{client}-{number}@client.example")
        except (OSError, smtplib.SMTPException) as end:
            ended.append(end)

    clients = [threading.Thread(target=send, args=(number,), daemon=True) for number in range(5)]
    for client in clients:
        client.start()
    wait_until(lambda: len(accepted) > 100)
    began_at = time.monotonic()
    assert daemon.stop() == 0
    took = time.monotonic() - began_at
    for client in clients:
        client.join(30)
    print(f"stopped within {took:.1f} s, {len(accepted)} mails accepted")
    assert took < STOP_SECONDS
    assert len(ended) == 5
    assert "Traceback" not in daemon.log

    daemon.start()
    daemon.wait_for_tickets(len(accepted))
    receipts = daemon.objects("journal", "list")
    assert {receipt["state"] for receipt in receipts} == {"done"}
    assert set(accepted) <= {receipt["message_id"] for receipt in receipts}


def test_idle_peer_is_told_421_when_the_daemon_stops(daemon: RunningDaemon) -> None:
    with daemon.connect() as smtp:
        smtp.ehlo()
        assert daemon.process
        daemon.process.terminate()
        code, _ = smtp.getreply()
        assert code == 421
    assert daemon.process.wait(STOP_SECONDS) == 0


def test_broken_rules_are_rejected_and_good_ones_take_over(
    daemon: RunningDaemon,
) -> None:
    daemon.write("routing.yaml", "queues:\n  helpdesk:\n    adress: support@example.com\n")
    for _ in range(2):
        reload_and_wait(daemon, "rules rejected")
    assert "routing.yaml:3" in daemon.log
    assert "adress" in daemon.log
    daemon.send(write_mail(1))
    daemon.wait_for_tickets(1)
    daemon.wait_for_letters()
    (alert,) = daemon.outgoing(to="admin@example.com")
    assert "routing.yaml:3" in alert.get_payload(0).get_payload(decode=True).decode()

    daemon.write("routing.yaml", ROUTING)
    daemon.write("people.yaml", "agents:\n  kari: [\n")
    reload_and_wait(daemon, "rules rejected")
    assert "people.yaml:" in daemon.log

    with daemon.connect() as smtp:
        smtp.ehlo()
        smtp.mail("ada@example.org")
        assert smtp.rcpt("billing@example.com")[0] == 550
        billing = {"address": "billing@example.com", "team": "first-line", "name": "Billing"}
        daemon.write("routing.yaml", {**ROUTING, "queues": {**ROUTING["queues"], "bill": billing}})
        daemon.write("people.yaml", PEOPLE)
        reload_and_wait(daemon, "rules reloaded")
        assert smtp.rcpt("billing@example.com")[0] == 250
        assert smtp.data(write_mail(2).replace(b"support@", b"billing@"))[0] == 250
    tickets = daemon.wait_for_tickets(2)
    assert [ticket["queue"] for ticket in tickets] == ["helpdesk", "bill"]


def test_templates_are_read_again_together_with_the_rules_that_name_them(
    daemon: RunningDaemon,
) -> None:
    rules = [{"name": "VIP", "then": {"template": "welcome"}}]
    daemon.write("routing.yaml", {**ROUTING, "rules": rules})
    reload_and_wait(daemon, "rules rejected")
    (daemon.folder / "templates" / "en").mkdir(parents=True)
    daemon.write("templates/en/welcome.md.j2", "Subject: x\n\n{{ ticket.colour }}")
    reload_and_wait(daemon, "rules rejected")
    assert "templates/en/welcome.md.j2: line 3: " in daemon.log
    assert daemon.ask("check").returncode == 78
    daemon.write("templates/en/welcome.md.j2", "Subject: x\n\n# Welcome to #{{ ticket.number }}")
    assert daemon.ask("check").returncode == 0
    reload_and_wait(daemon, "rules reloaded")
    daemon.send(write_mail(1))
    daemon.wait_for_tickets(1)
    daemon.wait_for_letters()
    (letter,) = daemon.outgoing(to="ada@example.org")
    assert "Welcome to #1" in letter.get_payload(0).get_payload(decode=True).decode()


def test_templates_that_cannot_be_read_cost_no_start(daemon: RunningDaemon) -> None:
    template = daemon.folder / "templates" / "en" / "received.md.j2"
    template.parent.mkdir(parents=True)
    template.write_bytes(b"Subject: \xff")
    daemon.restart()
    daemon.wait_for_letters()
    (alert,) = daemon.outgoing(to="admin@example.com")
    assert "received.md.j2" in alert.get_payload(0).get_payload(decode=True).decode()


def test_last_good_copy_serves_where_files_are_broken_at_start(daemon: RunningDaemon) -> None:
    daemon.write("routing.yaml", "queues:\n  helpdesk:\n    adress: support@example.com\n")
    daemon.write("sla.yaml", "sla: [gold]\n")
    daemon.restart()
    assert "the last good copy serves" in daemon.log
    daemon.send(write_mail(1))
    assert [ticket["queue"] for ticket in daemon.wait_for_tickets(1)] == ["helpdesk"]
    daemon.wait_for_letters()
    (alert,) = daemon.outgoing(to="admin@example.com")
    told = alert.get_payload(0).get_payload(decode=True).decode()
    assert "routing.yaml:3" in told
    assert "sla.yaml:1" in told
    assert "maildesk check" in told
    assert daemon.ask("check").returncode == 78
    piped = daemon.cli("receive", "--to", "support@example.com", stdin=write_mail(2))
    assert piped.returncode == 0
    assert b"the last good copy" in piped.stderr
    daemon.wait_for_tickets(2)

    reload_and_wait(daemon, "rules rejected")
    daemon.write("routing.yaml", ROUTING)
    reload_and_wait(daemon, "rules rejected")  # another fault, another alert
    daemon.write("sla.yaml", "sla: []\n")
    reload_and_wait(daemon, "rules reloaded")
    daemon.write("sla.yaml", "sla: [gold]\n")
    reload_and_wait(daemon, "rules rejected")  # the same one, which was mended meanwhile
    wait_until(lambda: len(daemon.outgoing(to="admin@example.com")) == 3)


def test_first_start_with_broken_files_fails(make_daemon: Callable[..., RunningDaemon]) -> None:
    daemon = make_daemon()
    daemon.write("sla.yaml", "sla: [gold]\n")
    daemon.spawn()
    assert daemon.process
    assert daemon.process.wait(STOP_SECONDS) == 78
    assert "sla.yaml:1:7: expected a policy" in daemon.log


def reload_and_wait(daemon: RunningDaemon, words: str) -> None:
    already = daemon.log.count(words)
    daemon.reload()
    wait_until(lambda: daemon.log.count(words) > already)


# --- systemd ------------------------------------------------------------------------------------


class Manager:
    """The socket of a service manager: sd_notify(3)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)
        self.told: list[str] = []

    def was_told(self, line: str, times: int = 1) -> bool:
        with contextlib.suppress(BlockingIOError):
            while True:
                self.told += self.socket.recv(4096).decode().splitlines()
        return self.told.count(line) >= times


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.socket.close()


def test_the_service_manager_is_told_of_every_step(
    make_daemon: Callable[..., RunningDaemon], manager: Manager
) -> None:
    daemon = make_daemon()
    daemon.environ = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "400000"}
    daemon.start()
    assert manager.was_told("READY=1")
    wait_until(lambda: manager.was_told("WATCHDOG=1", times=3))
    daemon.reload()
    wait_until(lambda: manager.was_told("RELOADING=1") and manager.was_told("READY=1", times=2))
    assert not manager.was_told("STOPPING=1")
    assert daemon.stop() == 0
    assert manager.was_told("STOPPING=1")


def test_a_reload_checks_the_configuration_first() -> None:
    """systemd.service(5): several ExecReload= run in their order; the first that fails ends it."""
    lines = UNIT.read_text().splitlines()
    reloads = [line.partition("=")[2] for line in lines if line.startswith("ExecReload=")]
    assert reloads == ["/opt/maildesk/bin/maildesk check", "/bin/kill -HUP $MAINPID"]


def test_postfix_can_join_the_group_of_the_socket() -> None:
    """A dynamic user's group exists while the unit runs, and nobody can be added to it."""
    unit = UNIT.read_text().splitlines()
    assert {"User=maildesk", "Group=maildesk", "RuntimeDirectoryMode=0750"} <= set(unit)
    assert not [line for line in unit if line.startswith("DynamicUser")]
    readme = UNIT.with_name("README.md").read_text()
    made, joined = (
        "adduser --system --group --home /var/lib/maildesk --no-create-home maildesk",
        "adduser postfix maildesk",
    )
    assert f"# {made}\n# {joined}\n" in readme
    assert made in UNIT.read_text()


def test_the_unit_is_hardened(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    assert analyze, "systemd-analyze is missing; install it with: apt-get install systemd"
    unit = tmp_path / UNIT.name  # a copy: analyze reads what lies beside it, too
    shutil.copyfile(UNIT, unit)
    command = [analyze, "security", "--offline=true", "--no-pager", f"--threshold={UNSAFE}"]
    done = subprocess.run([*command, str(unit)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
