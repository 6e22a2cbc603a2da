"""Pagers: addresses, and apprise URLs that are read from where secrets stand."""

import subprocess
import sys
from pathlib import Path

import pytest

from maildesk.config import load, load_rules
from maildesk.errors import Misconfigured
from maildesk.policy.due.paging import ALERTS
from maildesk.transport.pager import fault_of

BO, KARI = "bo@pager.invalid", "kari@pager.invalid"
URL = "ntfys://ntfy.example.com/bo"


@pytest.fixture
def paged(write, good: Path) -> Path:
    """Kari's pager is an address, Bo's a service; alerts go to one, too."""
    write("[kari@example.com],", "[kari@example.com], pager: 479@sms.example.net,", "people.yaml")
    write("[bo@example.com],", "[bo@example.com], pager: {env: BO},", "people.yaml")
    write("admins:", "alerts: {apprise: {env: ALERTS}}\nadmins:")
    return good


ENVIRON = {"BO": URL, "ALERTS": "ntfys://ntfy.example.com/admins"}


def pagers(rules) -> dict[str, str | None]:
    return {agent.handle: agent.pager for agent in rules.agents}


def test_pagers_reach_the_rules_and_their_urls_no_log(paged: Path) -> None:
    settings = load(paged, ENVIRON, fault_of_pager=fault_of)
    assert pagers(settings.rules) == {"kari": "479@sms.example.net", "bo": BO}
    assert settings.rules.pagers == {BO: URL, ALERTS: ENVIRON["ALERTS"]}
    assert settings.rules.silent_pagers == ()
    assert settings.warnings == ()
    assert "ntfy" not in repr(settings)


def test_reload_reads_the_secrets_of_pagers_again(paged: Path, write) -> None:
    settings = load(paged, ENVIRON)
    write("pager: 479@sms.example.net,", "pager: {env: BO},", "people.yaml")
    write("alerts: {apprise: {env: ALERTS}}\n", "")
    rules = load_rules(paged, settings)
    assert pagers(rules) == {"kari": KARI, "bo": BO}
    assert rules.pagers == {BO: URL, KARI: URL, ALERTS: ENVIRON["ALERTS"]}


@pytest.mark.parametrize("url", ["ntfy.example.com/bo", "ntfys://a b", "://x", "a://b\nc://d"])
def test_secret_that_is_no_url_is_told_without_telling_it(paged: Path, url: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        load(paged, {**ENVIRON, "BO": url})
    (problem,) = raised.value.problems
    assert (problem.file, problem.line, problem.column) == ("people.yaml", 3, 59)
    assert "environment variable BO" in problem.message
    assert url not in str(problem)


@pytest.mark.parametrize("url", ["nothing://that/apprise/knows", "slack://a"])
def test_check_asks_apprise_for_its_opinion(paged: Path, url: str) -> None:
    environ = {**ENVIRON, "BO": url}
    with pytest.raises(Misconfigured) as raised:
        load(paged, environ, fault_of_pager=fault_of)
    assert str(raised.value) == (
        "people.yaml:3:59: agents.bo.pager: environment variable BO: "
        "apprise makes nothing of this URL"
    )
    assert load(paged, environ).rules.pagers[BO] == url  # its import takes a second


# --- without apprise ------------------------------------------------------------------------------

WITHOUT = """
import os, sys
sys.modules["apprise"] = None  # what a look for it finds where it is not installed
from maildesk.__main__ import main
sys.argv = ["maildesk", "--config", sys.argv[1], *sys.argv[2:]]
main()
"""


def run_without_apprise(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT, str(folder), *words]
    return subprocess.run(
        command, capture_output=True, text=True, env=ENVIRON, timeout=60, check=False
    )


def test_check_tells_where_apprise_is_missing(paged: Path) -> None:
    ran = run_without_apprise(paged, "check")
    assert ran.returncode == 0, ran.stderr
    words = "apprise is not installed; pages and alerts go out by mail only"
    hint = '(pip install "maildesk[paging]")'
    assert f"maildesk.yaml:7:19: alerts.apprise: {words} {hint}" in ran.stderr
    assert f"people.yaml:3:59: agents.bo.pager: {words} {hint}" in ran.stderr


def test_desk_works_without_apprise_and_tells_its_admins_once(paged: Path) -> None:
    (paged / "var").mkdir()
    for _ in range(2):
        ran = run_without_apprise(paged, "process")
        assert ran.returncode == 0, ran.stderr
    (mail,) = (paged / "outgoing" / "new").iterdir()
    text = " ".join(mail.read_text().split())
    assert "Delivered-To: admin@example.com" in text
    assert "apprise is not installed: pages and alerts go out by mail only" in text
    assert f"{ALERTS}, {BO}" in text
