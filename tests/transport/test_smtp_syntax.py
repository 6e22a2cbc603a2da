import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.mail.envelope import Answer
from maildesk.transport.smtp_syntax import Command, read_command, read_path, trace_field


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (b"NOOP\r\n", Command("NOOP", None)),
        (b"noop \r\n", Command("NOOP", None)),
        (b"MAIL FROM:<a@b> SIZE=3\r\n", Command("MAIL", "FROM:<a@b> SIZE=3")),
        ("EHLO blåbær\r\n".encode(), Command("EHLO", "blåbær")),
    ],
)
def test_a_command_line(line, command):
    assert read_command(line) == command


@pytest.mark.parametrize(
    "line",
    [b"\r\n", b"NOOP\n", b"NO\0OP\r\n", b"NOOP\r\r\n", b"\xff\r\n", b"N" * 2_000 + b"\r\n"],
)
def test_a_line_that_is_no_command(line):
    assert isinstance(read_command(line), Answer)


@given(st.binary(max_size=2_000))
def test_reading_a_line_never_fails(line):
    command = read_command(line + b"\r\n")
    if isinstance(command, Command):
        read_path("FROM:", command.argument)


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        ("FROM:<>", ""),
        ("from:<a@b.example>", "a@b.example"),
        ("FROM: <a@b.example>", "a@b.example"),
        ("FROM:a@b.example", "a@b.example"),
        ("FROM:<@one.example,@two.example:a@b.example>", "a@b.example"),
        ('FROM:<"a b"@b.example>', '"a b"@b.example'),
        (r'FROM:<"a\"@c.example>"@b.example>', r'"a\"@c.example>"@b.example'),
        ("FROM:<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        ("FROM:<SRS0=x=y=z=a@b.example>", "SRS0=x=y=z=a@b.example"),
        ("FROM:<postmaster>", "postmaster"),
    ],
)
def test_a_path(argument, address):
    path = read_path("FROM:", argument)
    assert path is not None
    assert path.address == address


@pytest.mark.parametrize(
    "argument",
    [
        None,
        "",
        "TO:<a@b.example>",
        "FROM:",
        "FROM:<a@b.example",
        "FROM:<a@b@c.example>",
        "FROM:<@b.example>",
        "FROM:<a@>",
        "FROM:<a@b.example>x",
        "FROM:<a@b.example> SIZE==3",
        "FROM:<a@b.example> -X",
        "FROM:" + "<" * 500,
        "FROM:" + "(" * 500,
        'FROM:<"' + "\\" * 501,
    ],
)
def test_what_is_no_path(argument):
    assert read_path("FROM:", argument) is None


def trace(**changes):
    facts = {"helo": "mx.example", "peer": "192.0.2.1", "hostname": "desk.example"}
    return trace_field(**{**facts, "protocol": "ESMTP", "identifier": "1a2b", **changes}).decode()


def test_a_helo_with_an_underscore_is_a_name_of_real_life():
    assert trace(helo="MY_PC").startswith("Received: from MY_PC (")


def test_the_trace_field_names_peer_server_protocol_and_time():
    lines = trace().split("\r\n")
    assert lines[:2] == [
        "Received: from mx.example ([192.0.2.1])",
        "\tby desk.example with ESMTP id 1a2b;",
    ]
    assert lines[2].endswith(" +0000")
    assert lines[3:] == [""]


@pytest.mark.parametrize(
    ("peer", "literal"),
    [("2001:db8::1", " ([IPv6:2001:db8::1])"), ("", "")],
    ids=["IPv6", "Unix socket"],
)
def test_the_trace_field_names_the_peer_as_its_kind_is_written(peer, literal):
    assert trace(peer=peer).startswith(f"Received: from mx.example{literal}\r\n")


@pytest.mark.parametrize(
    "helo", ["x (dmarc=pass)", "x by us with us id 1; now", "blåbær", "x" * 999]
)
def test_a_helo_that_is_no_host_name_is_not_repeated(helo):
    assert trace(helo=helo).startswith("Received: from unknown ([192.0.2.1])\r\n")
