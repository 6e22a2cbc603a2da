"""How far a mail's From is believed, and what speaks for it: docs/threading.md. Pure.

    VX forged      a server of ours says dmarc=fail, and the domain asks for such mail to be refused
    V2 trusted     it says dmarc=pass; or a profile's own sign; or a signature that identifies
                   the mail, on a mail that was not seen before
    V1 aligned     it says that SPF passed for From's domain; or any other aligned signature
    V0 unproven    everything else

To add a sign, add a function to `_signs`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from maildesk.mail import dkim_signatures as dkim
from maildesk.mail.authenticity import author_domain, is_aligned
from maildesk.mail.dkim_check import Verdict
from maildesk.mail.dkim_signatures import Signature
from maildesk.mail.envelope import Envelope, Source
from maildesk.mail.message import InboundMail, address_key
from maildesk.mail.results import Results, read_results, read_results_without_id
from maildesk.mail.trace import (
    AUTH_AS,
    RECEIVED,
    RESULTS,
    SIGNATURE,
    Fields,
    above_strangers,
    authenticated_sender,
    values_of,
    without_own,
)
from maildesk.model.facts import Facts, Level, Trust
from maildesk.policy.rules import Authentication, Rules

Verdicts = Mapping[int, Verdict]  # by `Signature.index`; one that is not there was not checked
NO_VERDICTS: Verdicts = {}

WRITTEN_TO_OTHERS = "written to others"

_RANK = [Level.V0, Level.V1, Level.V2, Level.VX]


def trust_of(
    mail: InboundMail,
    envelope: Envelope,
    rules: Rules,
    now: datetime,
    *,
    verdicts: Verdicts = NO_VERDICTS,
    facts: Facts | None = None,
) -> Trust:
    """Return the level of From with all the evidence; `now` is when the mail was received."""
    author, is_seen = author_domain(mail), _is_seen(facts)
    may_be_copy = tuple(_signs_of_copy(mail, rules, now, is_seen=is_seen))
    signs = [*_signs_of_servers(mail, envelope, rules, author, may_be_copy)]
    if author is None:
        signs.append(Trust(Level.V0, ("From is not one plain address",)))
    signs += _signs_of_signers(mail, rules, author, now, verdicts, is_seen=is_seen)
    level = max((sign.level for sign in signs), key=_RANK.index, default=Level.V0)
    return Trust(
        level=level,
        evidence=tuple(line for sign in signs for line in sign.evidence),
        covers_mail=any(sign.covers_mail for sign in signs if sign.level is level),
    )


def worth_checking(
    mail: InboundMail, envelope: Envelope, rules: Rules, now: datetime
) -> tuple[Signature, ...]:
    """Return the signatures whose check could raise the level: aligned ones without a fault, of a
    mail that nothing better speaks for. An archive asks nothing: its keys are gone."""
    if not rules.authentication.dkim or envelope.is_archive or not _is_signed(mail):
        return ()
    author = author_domain(mail)
    if author is None or trust_of(mail, envelope, rules, now).level in (Level.V2, Level.VX):
        return ()
    return tuple(
        signature
        for signature in dkim.read_signatures(mail, author).signatures
        if is_aligned(signature.domain, author) and not any(dkim.faults(signature, now))
    )


def _is_signed(mail: InboundMail) -> bool:
    return any(name == SIGNATURE for name, _ in mail.trace)


def _is_seen(facts: Facts | None) -> bool:
    """Whether the mail, or another with its Message-ID, has come in before."""
    return facts is not None and bool(facts.duplicate or facts.same_message_id)


# --- what our servers say -------------------------------------------------------------------------


def _signs_of_copy(
    mail: InboundMail, rules: Rules, now: datetime, *, is_seen: bool
) -> Iterator[str]:
    """Yield why a mail that passes may be a copy that somebody sends on who once got it: a
    signature passes again, to whomever, with fields added on top (RFC 6376 section 8.6). Where the
    envelope says it went, Delivered-To included, is the sender-on's choice."""
    if is_seen:
        yield "seen before"
    yield from dkim.age(now, mail.date)
    if not any(rules.accepts(person.address) for person in (*mail.to, *mail.cc)):
        yield WRITTEN_TO_OTHERS
    yield from dkim.repeated(mail)


def _signs_of_servers(
    mail: InboundMail,
    envelope: Envelope,
    rules: Rules,
    author: str | None,
    may_be_copy: Sequence[str],
) -> Iterator[Trust]:
    settings = rules.authentication
    is_ours = envelope.source in (Source.SMTP, Source.LMTP)
    trace = without_own(mail.trace) if is_ours else mail.trace
    yield from _results_signs(_trusted_results(trace, settings), author, may_be_copy)
    if author is None:
        return
    if settings.profile == "m365" and envelope.source is Source.IMAP:
        yield from _exchange_sign(trace, author, rules)
    if settings.profile == "postfix":
        yield from _login_sign(mail, above_strangers(trace, settings.hops))


def _trusted_results(trace: Fields, settings: Authentication) -> list[Results]:
    """Return what servers that we believe have written, as far as it can be read."""
    found: list[Results | None] = []
    if settings.authserv_ids:
        read = map(read_results, values_of(above_strangers(trace, settings.hops), RESULTS))
        found += [results for results in read if results and _is_named(results, settings)]
    if settings.profile == "m365":
        found += [read_results_without_id(value) for value in values_of(trace, RESULTS)][:1]
    return [results for results in found if results]


def _is_named(results: Results, settings: Authentication) -> bool:
    return results.authserv_id in settings.authserv_ids


def _results_signs(
    trusted: list[Results], author: str | None, may_be_copy: Sequence[str]
) -> Iterator[Trust]:
    dmarc = [(results.authserv_id, result) for results in trusted for result in results.dmarc]
    if len(dmarc) > 1:
        yield Trust(Level.V0, ("Authentication-Results: two dmarc results are no verdict",))
    elif dmarc:
        server, result = dmarc[0]
        words = f"dmarc={_known(result.result)} header.from={result.domain or '?'}"
        level = Level.V0
        if result.result == "fail" and result.is_enforced:
            level, words = Level.VX, f"{words}, which the domain wants refused"
        elif result.result == "pass" and author is not None and result.domain == author:
            level = Level.V2
            words += f" but {', '.join(may_be_copy)}" if may_be_copy else ""
        evidence = (f"Authentication-Results {server}: {words}",)
        yield Trust(level, evidence, covers_mail=not may_be_copy)
    if author is None:
        return
    for results in trusted:
        domain = next((d for d in results.spf_domains if is_aligned(d, author)), None)
        if domain:
            words = f"Authentication-Results {results.authserv_id}: spf=pass smtp.mailfrom={domain}"
            yield Trust(Level.V1, (words,))


def _known(result: str) -> str:
    """A result as RFC 7489 section 11.2 names it; another is a server's own, and not repeated."""
    return result if result in ("pass", "fail", "none", "temperror", "permerror") else "?"


def _exchange_sign(trace: Fields, author: str, rules: Rules) -> Iterator[Trust]:
    """Mail within a Microsoft tenant carries no signature, only this mark."""
    marks = [value.strip().lower() for value in values_of(trace, AUTH_AS)]
    if marks == ["internal"] and author in rules.own_domains:
        yield Trust(Level.V2, ("X-MS-Exchange-Organization-AuthAs: Internal",))


def _login_sign(mail: InboundMail, trace: Fields) -> Iterator[Trust]:
    logins = filter(None, map(authenticated_sender, values_of(trace, RECEIVED)))
    login = next(logins, None)
    if login and mail.sender and address_key(login) == mail.sender.key:
        yield Trust(Level.V2, (f"Received: authenticated sender {mail.sender.key}",))


# --- what signers say -----------------------------------------------------------------------------


def _signs_of_signers(
    mail: InboundMail,
    rules: Rules,
    author: str | None,
    now: datetime,
    verdicts: Verdicts,
    *,
    is_seen: bool,
) -> Iterator[Trust]:
    if not _is_signed(mail):
        return
    reading = dkim.read_signatures(mail, author)
    for signature in reading.signatures:
        if author is None or not is_aligned(signature.domain, author):
            yield Trust(Level.V0, (f"DKIM {signature.domain}: not aligned",))
        else:
            yield _sign_of(signature, mail, rules, author, now, verdicts, is_seen=is_seen)
    if reading.unreadable:
        yield Trust(Level.V0, (f"DKIM: {reading.unreadable} signatures that cannot be read",))


def _sign_of(
    signature: Signature,
    mail: InboundMail,
    rules: Rules,
    author: str,
    now: datetime,
    verdicts: Verdicts,
    *,
    is_seen: bool,
) -> Trust:
    """What one aligned signature proves."""
    verdict = verdicts.get(signature.index, Verdict.NOT_CHECKED)
    faults = list(dkim.faults(signature, now))
    doubts = [*dkim.doubts(signature, mail, author, now), *(["seen before"] if is_seen else [])]
    gaps = [*dkim.gaps(signature, mail)] or [*_not_to_us(signature, mail, rules)]
    level = Level.V0
    if verdict is Verdict.PASS and not faults:
        level = Level.V1 if doubts else Level.V2
    strength = f"not strict ({', '.join(faults + doubts)})" if faults or doubts else "strict"
    partial = f" but {', '.join(gaps)}" if gaps and strength == "strict" else ""
    words = f"DKIM {signature.domain}: aligned, {strength}{partial}, {verdict}"
    return Trust(level, (words,), covers_mail=not gaps)


def _not_to_us(signature: Signature, mail: InboundMail, rules: Rules) -> Iterator[str]:
    """Yield a gap where a signed mail was written to others: whoever got it could send it on."""
    people = (*mail.to, *(mail.cc if "cc" in signature.signed else ()))
    if not any(rules.accepts(person.address) for person in people):
        yield WRITTEN_TO_OTHERS
