"""What was decided on a wave is written: tickets, letters and receipts in one transaction."""

from collections.abc import Sequence

import structlog
from sqlalchemy.orm import Session

from maildesk.desk.alerts import send_alert
from maildesk.desk.attempts import fail
from maildesk.desk.deciding import Decided
from maildesk.desk.desk import Desk
from maildesk.desk.waves import Work
from maildesk.errors import Temporary
from maildesk.model.plan import Plan, Route
from maildesk.model.ticket import Status
from maildesk.store import finishing, outbox
from maildesk.store.apply import Stale, apply

log = structlog.get_logger()


def write_wave(desk: Desk, decided: Sequence[Decided]) -> list[tuple[Work, Stale]]:
    """Write all plans in one transaction; return what must be decided again, and why."""
    try:
        with desk.database.write() as session:
            _write(desk, session, decided)
    except Temporary:
        raise
    except Exception:  # noqa: BLE001 - one of them is at fault: each by itself shows which
        return _write_singly(desk, decided)
    for item in decided:
        _tell(desk, item)
    return []


def _write_singly(desk: Desk, decided: Sequence[Decided]) -> list[tuple[Work, Stale]]:
    """The same with a savepoint around each: what fails costs its own receipt and no other."""
    stale: list[tuple[Work, Stale]] = []
    written: list[Decided] = []
    broken: list[tuple[Work, Exception]] = []
    with desk.database.write() as session:
        for item in decided:
            try:
                with session.begin_nested():
                    _write(desk, session, [item])
                written.append(item)
            except Stale as error:
                stale.append((item.work, error))
            except Temporary:
                raise
            except Exception as error:  # noqa: BLE001 - a bug costs this mail an attempt, no other
                broken.append((item.work, error))
    for work, fault in broken:
        fail(desk, work.receipt, fault)
    for item in written:
        _tell(desk, item)
    return stale


def _write(desk: Desk, session: Session, decided: Sequence[Decided]) -> None:
    for item in decided:
        receipt, plan, mail = item.work.receipt, item.plan, item.work.mail
        actor = mail.sender.address if mail.sender else "mail"
        apply(session, plan, receipt=receipt.id, now=receipt.received_at, actor=actor)
        finishing.finish(
            session,
            receipt.id,
            disposition=plan.disposition,
            ticket=plan.ticket,
            trace=trace_of(plan, desk.rules.version),
            content_key=mail.content_key,
            message_id=mail.message_id,
            now=desk.clock(),
        )
    outbox.put(session, [letter for item in decided for letter in item.letters], desk.clock())


def trace_of(plan: Plan, version: str) -> dict[str, object]:
    """Return why the plan is as it is, for `journal show`, `#why` and `replay`; `version` is that
    of the rules it was made by."""
    match = plan.match
    trace: dict[str, object] = {
        "rules_version": version,
        "reasons": list(plan.reasons),
        "signal": str(match.signal),
        "evidence": match.evidence,
        "standing": str(match.standing),
        "automatic": [str(plan.automatic.kind), *plan.automatic.evidence],
        "trust": [str(plan.trust.level), *plan.trust.evidence],
    }
    if plan.route:
        trace["route"] = route_trace(plan.route)
    return trace


# What most routes say nothing of: it stands in a trace where one does.
SELDOM = ("assign", "sla", "watchers", "notify", "template", "requester", "group_key")


def route_trace(route: Route) -> dict[str, object]:
    """Return where a mail went, and by the word of which rules."""
    said = {name: getattr(route, name) for name in SELDOM if getattr(route, name)}
    return {
        "rules": [rule.name for rule in route.rules if rule.is_matched],
        "queue": route.queue,
        "team": route.team,
        "priority": str(route.priority),
        "type": str(route.type),
        "tags": sorted(route.tags),
        "fields": dict(route.fields),
        "status": str(route.status or Status.NEW),
        "dropped": route.dropped,
        **{
            name: list(value) if isinstance(value, tuple) else value for name, value in said.items()
        },
        **({} if route.is_acknowledged else {"acknowledge": "no"}),
    }


def _tell(desk: Desk, item: Decided) -> None:
    if item.letters:
        desk.queued.set()
    for alert in item.plan.alerts:
        send_alert(desk, alert)
    log.info(
        "mail in",
        receipt=item.work.receipt.id,
        message_id=item.work.mail.message_id,
        disposition=str(item.plan.disposition),
        ticket=item.plan.ticket,
    )
