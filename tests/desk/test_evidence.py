"""Keys are looked up within their time, remembered, and checked in a child process."""

import socket
import threading
import time
from concurrent.futures import Future

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from mail.signer import Signer, mail

from maildesk.desk.children import Children
from maildesk.desk.evidence import SignatureChecker, check_ahead
from maildesk.desk.txt_records import TxtRecords
from maildesk.errors import Unavailable
from maildesk.mail.dkim_check import Verdict
from maildesk.mail.dkim_signatures import read_signatures
from maildesk.mail.parse import parse_mail

SIGNER = Signer()


class Nameserver:
    """A DNS server on loopback: names with their TXT records; other names do not exist."""

    def __init__(self):
        self.records = {}
        self.asked = []
        self.is_silent = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            wire, peer = self._socket.recvfrom(4096)
            if not wire:
                return
            question = dns.message.from_wire(wire)
            name = question.question[0].name.to_text(omit_final_dot=True)
            self.asked.append(name)
            if not self.is_silent:
                self._socket.sendto(self._answer(question, name).to_wire(), peer)

    def _answer(self, question, name):
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        if name not in self.records:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif self.records[name] == "broken":
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif self.records[name]:
            rows = self.records[name]
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", *rows))
        return answer


@pytest.fixture
def nameserver():
    server = Nameserver()
    yield server
    server.close()


@pytest.fixture
def lookup(nameserver):
    return TxtRecords(["127.0.0.1"], nameserver.port)


def test_record_is_joined_and_remembered(nameserver, lookup):
    nameserver.records["s1._domainkey.example.org"] = ['"v=DKIM1; p=" "AAAA"']
    for _ in range(3):
        assert lookup(b"s1._domainkey.example.org", 5) == b"v=DKIM1; p=AAAA"
    assert nameserver.asked == ["s1._domainkey.example.org"]


def test_name_without_record_is_remembered_too(nameserver, lookup):
    nameserver.records["empty.example.org"] = []
    for name in (b"none.example.org", b"empty.example.org", b"none.example.org"):
        assert lookup(name, 5) is None
    assert len(nameserver.asked) == 2


def test_of_several_records_the_only_key_counts(nameserver, lookup):
    nameserver.records["a.example.org"] = ['"v=spf1 -all"', '"v=DKIM1; p=AAAA"']
    nameserver.records["b.example.org"] = ['"p=AAAA"', '"p=BBBB"']
    assert lookup(b"a.example.org", 5) == b"v=DKIM1; p=AAAA"
    assert lookup(b"b.example.org", 5) is None


def test_silence_ends_in_time_and_is_remembered(nameserver, lookup):
    nameserver.is_silent = True
    began_at = time.monotonic()
    for _ in range(3):
        with pytest.raises(Unavailable):
            lookup(b"s1._domainkey.example.org", 0.2)
    assert time.monotonic() - began_at < 2


def test_failure_of_the_server_is_no_answer(nameserver, lookup):
    nameserver.records["s1._domainkey.example.org"] = "broken"
    with pytest.raises(Unavailable):
        lookup(b"s1._domainkey.example.org", 0.5)


@pytest.mark.parametrize("name", [b"..", b"x" * 70 + b".example", b"a." * 200 + b"example"])
def test_name_that_is_none_is_no_answer(lookup, name):
    with pytest.raises(Unavailable):
        lookup(name, 1)


# --- the check ---


@pytest.fixture(scope="module")
def children():
    with Children(1) as children:
        yield children


def check(children, raw, lookup):
    checker = SignatureChecker(children, lookup)
    try:
        return checker.check(raw, read_signatures(parse_mail(raw), "example.org").signatures)
    finally:
        checker.close()


def test_signature_is_checked_in_a_child(children, nameserver, lookup):
    text = SIGNER.record.decode()
    nameserver.records["s1._domainkey.example.org"] = [f'"{text[:200]}" "{text[200:]}"']
    assert check(children, SIGNER.sign(mail()), lookup) == {0: Verdict.PASS}


def test_all_keys_of_a_mail_share_one_time(children):
    left = []

    def lookup(name, timeout):
        left.append(timeout)
        raise Unavailable("no answer")

    raw = SIGNER.sign(SIGNER.sign(mail()))
    assert set(check(children, raw, lookup).values()) == {Verdict.NO_ANSWER}
    assert 0 < left[1] < left[0] <= 5


def test_a_check_that_cannot_be_made_costs_the_proof_only():
    children = Children(1)
    children.close()
    assert check(children, SIGNER.sign(mail()), lambda name, timeout: SIGNER.record) == {}


# --- in order ---


def test_mails_wait_for_those_before_them_only():
    slow = Future()
    begun = []

    def begin(item):
        begun.append(item)
        return slow if item == "signed" else None

    items = check_ahead(["plain", "signed", "plain too"], begin)
    assert next(items) == ("plain", {})
    assert begun == ["plain"]
    slow_verdict = {0: Verdict.PASS}
    threading.Timer(0.05, lambda: slow.set_result(slow_verdict)).start()
    assert next(items) == ("signed", slow_verdict)
    assert begun == ["plain", "signed", "plain too"]
    assert next(items) == ("plain too", {})
