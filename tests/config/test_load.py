import os
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from maildesk.config import check_folder, find_folder, load, load_rules
from maildesk.errors import Misconfigured
from maildesk.policy.rules import Acknowledge, Authentication
from maildesk.settings import Endpoint, Limits

# The keys of the contract, each with a value that is not its default.
EVERYTHING = """\
domain: example.com
database: sqlite:///data/desk.db
listen:
  - smtp: 127.0.0.1:8025
  - {smtp: "0.0.0.0:25", tls: {certificate: cert.pem, key: key.pem, mode: implicit}}
  - {lmtp: "unix:lmtp", trusted: false}
  - smtp: "[::1]:26"
mailboxes:
  - {name: support, host: imap.example.com, user: support@example.com,
     password: {credential: imap-support}, folder: Support, processed: Done, start: all,
     mode: live, ca: ca.pem, poll_seconds: 30, idle_seconds: 60}
  - {name: local, host: localhost, tls: none, user: me, password: {env: LOCAL_PASSWORD}}
send:
  smarthost: {host: smtp.example.com, tls: starttls, user: me, password: {file: smtp.password}}
  envelope: bounces@example.com
reply: {domain: reply.example.com, separator: "-", key: [{file: reply.key}, {file: old.key}]}
admins: [admin@example.com]
limits: {message_bytes: 1000000, recipients: 7}
acknowledge: {unverified: full, per_hour: 0}
authentication: {authserv_ids: [mx.example.com], hops: 2, profile: null, dkim: false}
alerts: {}
timezone: Europe/Oslo
http: {listen: 127.0.0.1:8080}
backoff_seconds: 60
"""


@pytest.fixture
def everything(good: Path) -> tuple[Path, dict[str, str]]:
    (good / "maildesk.yaml").write_text(EVERYTHING)
    authority = trustme.CA()
    issued = authority.issue_cert("desk.example.com")
    authority.cert_pem.write_to_path(str(good / "ca.pem"))
    issued.cert_chain_pems[0].write_to_path(str(good / "cert.pem"))
    issued.private_key_pem.write_to_path(str(good / "key.pem"))
    (good / "old.key").write_text("o" * 64)
    (good / "smtp.password").write_text("hunter2\n")
    for name in ("key.pem", "old.key", "smtp.password"):
        (good / name).chmod(0o600)
    (good / "credentials").mkdir()
    (good / "credentials" / "imap-support").write_text("påssword\n")
    return good, {"CREDENTIALS_DIRECTORY": str(good / "credentials"), "LOCAL_PASSWORD": "local"}


def test_every_key_of_the_contract_reaches_the_settings(
    everything: tuple[Path, dict[str, str]],
) -> None:
    folder, environ = everything
    settings = load(folder, environ)
    assert settings.database == f"sqlite:///{folder}/data/desk.db"
    assert settings.limits == replace(Limits(), message_bytes=1_000_000, recipients=7)
    assert settings.http == Endpoint("127.0.0.1", 8080)
    assert settings.backoff_seconds == 60
    rules = settings.rules
    assert (rules.domain, rules.timezone, rules.admins) == (
        "example.com",
        "Europe/Oslo",
        ("admin@example.com",),
    )
    assert rules.acknowledge == Acknowledge("full", 0)
    assert rules.authentication == Authentication(("mx.example.com",), 2, None, False)
    assert (rules.reply.domain, rules.reply.separator) == ("reply.example.com", "-")
    assert rules.reply.keys == (b"k" * 64, b"o" * 64)
    assert settings.warnings == ()


def test_listeners_are_trusted_where_peers_are_local(
    everything: tuple[Path, dict[str, str]],
) -> None:
    folder, environ = everything
    local, public, socket, six = load(folder, environ).listen
    assert (local.protocol, local.endpoint, local.is_trusted) == (
        "smtp",
        Endpoint("127.0.0.1", 8025),
        True,
    )
    assert public.tls is not None
    assert (public.is_trusted, public.tls.mode) == (False, "implicit")
    assert public.tls.key == folder / "key.pem"
    assert (socket.protocol, socket.endpoint.path, socket.is_trusted) == (
        "lmtp",
        folder / "lmtp",
        False,
    )
    assert (six.endpoint, six.is_trusted) == (Endpoint("::1", 26), True)


def test_mailboxes_and_smarthost_have_their_secrets_and_usual_ports(
    everything: tuple[Path, dict[str, str]],
) -> None:
    folder, environ = everything
    settings = load(folder, environ)
    support, local = settings.mailboxes
    assert (support.port, support.password, support.folder) == (993, "påssword", "Support")
    assert (support.processed, support.start, support.ca) == ("Done", "all", folder / "ca.pem")
    assert (local.port, local.password) == (143, "local")
    assert settings.send.smarthost is not None
    assert (settings.send.smarthost.port, settings.send.smarthost.password) == (587, "hunter2")
    assert settings.send.envelope == "bounces@example.com"
    assert "hunter2" not in repr(settings)
    assert "kkkk" not in repr(settings)


def test_paths_begin_at_the_state_directory_of_systemd(good: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (good / "reply.key").rename(state / "reply.key")
    settings = load(good, {"STATE_DIRECTORY": f"{state}:/elsewhere"})
    assert settings.database == f"sqlite:///{state}/var/maildesk.db"
    assert settings.send.maildir == state / "outgoing"
    assert (settings.folder, settings.state) == (good, state)


def test_folder_may_be_named_relatively(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(good.parent)
    assert load(Path("desk"), {}).folder == good


def test_own_templates_are_used_where_there_are_some(good: Path) -> None:
    assert load(good, {}).templates is None
    (good / "templates").mkdir()
    assert load(good, {}).templates == good / "templates"


def test_single_queue_is_the_default(good: Path) -> None:
    (good / "routing.yaml").write_text("queues: {desk: {address: a@example.com, team: finance}}\n")
    rules = load(good, {}).rules
    assert (rules.default_queue.handle, rules.default_queue.name) == ("desk", "desk")


def test_missing_folder_names_the_command_that_makes_one(tmp_path: Path) -> None:
    (problem,) = check_folder(tmp_path / "none", {})
    assert str(problem) == (
        f'{tmp_path}/none: there is no such folder (make one with "maildesk init {tmp_path}/none")'
    )


# --- secrets ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o640, 0o660, 0o602, 0o777], ids=oct)
def test_key_file_that_others_can_read_is_refused(good: Path, mode: int) -> None:
    os.chown(good / "reply.key", os.geteuid(), os.getegid())
    (good / "reply.key").chmod(mode)
    (problem,) = check_folder(good, {})
    assert str(problem) == (
        f"maildesk.yaml:6:8: reply.key: {good}/reply.key can be read by others (mode {mode:04o})"
        f" (chmod 600 {good}/reply.key)"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another group")
def test_key_file_may_be_given_to_the_group_of_a_service(good: Path) -> None:
    os.chown(good / "reply.key", 0, 12345)
    (good / "reply.key").chmod(0o640)
    assert check_folder(good, {}) == ()


def test_tls_key_that_others_can_read_is_refused(
    everything: tuple[Path, dict[str, str]],
) -> None:
    folder, environ = everything
    (folder / "key.pem").chmod(0o644)
    (problem,) = check_folder(folder, environ)
    assert problem.hint == f"chmod 600 {folder}/key.pem"


def test_key_of_another_certificate_is_refused(everything: tuple[Path, dict[str, str]]) -> None:
    folder, environ = everything
    other = trustme.CA().issue_cert("other.example.com")
    other.private_key_pem.write_to_path(str(folder / "key.pem"))
    (folder / "key.pem").chmod(0o600)
    (problem,) = check_folder(folder, environ)
    assert problem.message == (
        f"listen[1].tls: {folder}/key.pem is not the key of {folder}/cert.pem"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"one\ntwo\n", "holds more than one line"),
        (b"a\x00b", "or control characters"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"x" * 70_000, "is larger than 64 KiB"),
    ],
)
def test_password_must_be_one_line_of_text(
    everything: tuple[Path, dict[str, str]], content: bytes, words: str
) -> None:
    folder, environ = everything
    (folder / "smtp.password").write_bytes(content)
    (problem,) = check_folder(folder, environ)
    assert words in problem.message
    assert problem.line == 14


@pytest.mark.parametrize("content", ["", "short", "x" * 31 + "\n"])
def test_short_key_is_refused(good: Path, content: str) -> None:
    (good / "reply.key").write_text(content)
    (problem,) = check_folder(good, {})
    assert "at least 32" in problem.hint


def test_folder_in_place_of_a_key_is_refused(good: Path) -> None:
    (good / "reply.key").unlink()
    (good / "reply.key").mkdir()
    (problem,) = check_folder(good, {})
    assert problem.message == f"reply.key: {good}/reply.key is not a file"


# --- warnings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            "maildesk.yaml",
            "listen:\n  - smtp: 127.0.0.1:8025\n",
            "",
            "maildesk.yaml:1:1: there is neither a listener nor a mailbox",
        ),
        ("maildesk.yaml", "[admin@example.com]", "[]", "maildesk.yaml:1:1: there are no admins"),
        (
            "maildesk.yaml",
            "admins:",
            "http: {listen: 0.0.0.0:8080}\nadmins:",
            "maildesk.yaml:7:16: http.listen: others can reach this address",
        ),
        (
            "people.yaml",
            "name: Bo Berg,",
            "name: Bo Berg, notify: digest,",
            "people.yaml:3:23: agents.bo.notify has no effect "
            "(who hears of new tickets is said by the team's)",
        ),
        (
            "routing.yaml",
            "rules: []",
            "rules: [{name: A, every: 1h, when: {all: [{status_in: [solved, closed]}]},"
            " then: {tags: [x]}}]",
            'routing.yaml:4:55: rule "A" fits no ticket: rules with every: look at live ones '
            "(solved or closed is over; live are new, open,",
        ),
        (
            "routing.yaml",
            "default: true",
            "default: true, language: nb",
            'routing.yaml:2:87: queues.helpdesk.language: there are no templates in "nb"; '
            "mails go out in English",
        ),
        (
            "people.yaml",
            "teams:\n",
            "organisations:\n  acme: {name: Acme, language: nb-NO}\nteams:\n",
            'people.yaml:5:32: organisations.acme.language: there are no templates in "nb-NO"',
        ),
        ("people.yaml", "[finance]", "[]", 'people.yaml:6:3: team "finance" has no agents'),
    ],
)
def test_what_is_hardly_meant_is_a_warning(write, file: str, old: str, new: str, told: str) -> None:
    (warning,) = load(write(old, new, file), {}).warnings
    assert str(warning).startswith(told)


# --- promises ------------------------------------------------------------------------------------

SLA = """\
calendars:
  oslo: {timezone: Europe/Oslo, hours: {mon-fri: ["08:00-16:00"]}}
  bergen: {timezone: Europe/Oslo, hours: {mon-fri: ["09:00-17:00"]}}
  both: {union: [oslo, bergen]}
sla:
  - {name: gold, when: {organisation: acme}, clocks: {P1: {calendar: both, resolution: 3bd}}}
  - {name: standard, clocks: {P1: {calendar: 24x7, resolution: 3d}}}
follow_up: {stale: never}
"""
ACME = (
    "organisations:\n  acme: {name: Acme, domains: [acme.example], sla: gold, "
    "watchers: [boss@acme.example]}\nteams:\n"
)


def test_promises_come_into_the_rules(write, good: Path) -> None:
    (good / "sla.yaml").write_text(SLA)
    write("teams:\n", ACME, "people.yaml")
    write("name: Bo Berg,", "name: Bo Berg, calendar: bergen,", "people.yaml")
    settings = load(good, {})
    rules = settings.rules
    assert settings.warnings == ()
    assert list(rules.calendars) == ["oslo", "bergen", "both", "24x7"]
    assert rules.office is rules.calendars["oslo"]
    assert list(rules.policies) == ["gold", "standard"]
    assert rules.follow_up.stale == 0
    assert rules.agents[1].calendar == "bergen"
    (acme,) = rules.organisations
    assert (acme.sla, acme.watchers) == ("gold", ("boss@acme.example",))
    assert settings.sources.files["sla.yaml"] == SLA
    assert settings.sources.sla["sla"][0]["name"] == "gold"


def test_without_calendars_the_office_is_open_on_weekdays(good: Path) -> None:
    rules = load(good, {}).rules
    assert list(rules.calendars) == ["24x7"]
    assert rules.office.timezone == rules.timezone
    assert [bool(frames) for frames in rules.office.hours] == [True] * 5 + [False] * 2


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "  - {name: standard, clocks: {P1: {calendar: 24x7, resolution: 3d}}}\n",
            "",
            "sla.yaml:6:3: no policy fits every ticket: some have no clocks",
        ),
        (
            "when: {organisation: acme}, ",
            "",
            'sla.yaml:7:5: policy "standard" is never asked: "gold" above it fits everything',
        ),
        ("[oslo, bergen]", "[oslo]", 'sla.yaml:3:3: nobody uses calendar "bergen"'),
        (
            "resolution: 3d",
            "first_response: 4d, resolution: 3d",
            'sla.yaml:7:68: policy "standard": P1 is solved before it is answered',
        ),
    ],
)
def test_promises_that_are_hardly_meant_are_a_warning(
    write, good: Path, old: str, new: str, told: str
) -> None:
    (good / "sla.yaml").write_text(SLA)
    write("teams:\n", ACME, "people.yaml")
    (warning,) = load(write(old, new, "sla.yaml"), {}).warnings
    assert str(warning).startswith(told)


def test_a_calendar_that_a_rule_names_is_used(write, good: Path) -> None:
    (good / "sla.yaml").write_text(SLA.replace("[oslo, bergen]", "[oslo]"))
    write("teams:\n", ACME, "people.yaml")
    rule = "rules: [{name: Late, when: {calendar_open: bergen}, then: {tags: [late]}}]"
    assert load(write("rules: []", rule, "routing.yaml"), {}).warnings == ()


ODD = """\
queues:
  helpdesk: {address: support@example.com, team: first-line, default: true}
  billing: {address: billing@example.com, team: finance}
rules:
  - name: Odd
    when:
      any:
        - {language_is: english, attachment_type_in: [pdf]}
        - {sender_domain_is: ., subject_matches: 'x.*(a|\\bø)'}
        - {header_matches: {X-A: 'x.*\\bø.'}}
    then: {group_by: alerts, queue: billing, notify: [manager], watchers: [support@example.com]}
  - name: Drop
    when: {subject_contains: x}
    then: {drop: spam}
    continue: true
"""


def test_an_organisation_that_is_watched_by_the_desk_is_warned_of(good: Path) -> None:
    with (good / "people.yaml").open("a") as people:
        people.write("organisations: {acme: {name: A, watchers: [Support@example.com]}}\n")
    (told,) = map(str, load(good, {}).warnings)
    assert told.endswith("Support@example.com is an address of the desk, and follows nothing")


def test_rules_that_are_hardly_meant_are_warned_of(good: Path) -> None:
    (good / "routing.yaml").write_text(ODD)
    found = [str(one).partition(" (")[0] for one in load(good, {}).warnings]
    assert [one.partition(": ")[2] for one in found if one.startswith("routing")] == [
        'rule "Odd": "english" is no language code',
        'rule "Odd": "pdf" is no media type',
        'rule "Odd": "." is no domain',
        r'rule "Odd": this \b does not know the letter beside it',
        r'rule "Odd": this \b does not know the letter beside it',
        'rule "Odd": all its mails join one ticket: "alerts" is the same for each',
        'rule "Odd": team "finance" has no manager',
        'rule "Odd": support@example.com is an address of the desk, and follows nothing',
        'rule "Drop": the mail is dropped, whatever the rules below say',
    ]


# --- reload -----------------------------------------------------------------------------------


def test_reload_takes_over_people_and_routing_and_nothing_else(write, good: Path) -> None:
    settings = load(good, {})
    write("domain: example.com", "domain: example.org")
    write("Kari Nordmann", "Kari N.", "people.yaml")
    (good / "reply.key").unlink()
    rules = load_rules(good, settings)
    assert rules.domain == "example.com"
    assert rules.reply == settings.rules.reply
    kari = rules.agent("kari")
    assert kari is not None
    assert kari.name == "Kari N."
    assert rules.version != settings.rules.version


def test_reload_without_changes_gives_the_same_rules(good: Path) -> None:
    settings = load(good, {})
    assert load_rules(good, settings) == settings.rules


def test_reload_of_a_broken_file_names_file_and_line(write, good: Path) -> None:
    settings = load(good, {})
    write("rules: []", "rules: [", "routing.yaml")
    with pytest.raises(Misconfigured) as raised:
        load_rules(good, settings)
    assert str(raised.value).startswith("routing.yaml:5:1: ")


def test_reload_checks_what_the_files_say_of_each_other(write, good: Path) -> None:
    settings = load(good, {})
    write("team: finance", "team: nobody", "routing.yaml")
    write("support@", "admin@", "routing.yaml")
    with pytest.raises(Misconfigured) as raised:
        load_rules(good, settings)
    assert [problem.line for problem in raised.value.problems] == [2, 3]


# --- the folder -------------------------------------------------------------------------------


def test_folder_is_the_option_then_the_variable(tmp_path: Path) -> None:
    environ = {"MAILDESK_CONFIG": str(tmp_path / "variable")}
    assert find_folder(tmp_path / "option", environ) == tmp_path / "option"
    assert find_folder(None, environ) == tmp_path / "variable"


def test_folder_is_config_in_the_working_folder_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    assert find_folder(None, {}) == tmp_path / "config"


def test_no_folder_at_all_names_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("maildesk.config.SEARCHED", (Path("config"), tmp_path / "etc"))
    with pytest.raises(Misconfigured, match="maildesk init DIR"):
        find_folder(None, {})
