"""The way out to pagers: a letter to `HANDLE@pager.invalid` goes through apprise to the service
that the agent's apprise URL names; every other letter goes to the submitter within.

So a page is a letter of the outbox like any other. No mail ever leaves for such an address: nothing
resolves below `invalid` (RFC 2606 section 2). apprise is an optional extra, and slow to import,
which waits for the first page. It stores nothing; one URL is all the configuration that it gets.

Mail leaves one letter after the other, so a service that keeps us waiting is left alone for a
minute: whoever is paged through it waits, and nobody else.
"""

import email
import email.policy
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from queue import Empty, SimpleQueue
from typing import Any

from maildesk.mail.envelope import DeliveryResult, DeliveryState, Envelope
from maildesk.policy.due.paging import LONGEST_PAGE, is_pager, shortened
from maildesk.transport.submission import Submitter

PATIENCE_SECONDS = 10.0
SLOW_SECONDS = 1.0  # what fails sooner holds up nobody
REST_SECONDS = 60.0
_SHORTEST_TITLE = 10  # characters; of less nobody can tell what it says
_LONGEST_REASON = 200


class PagerSubmitter:
    """Submit pages through apprise, all else through `inner`; callable as `Submit`. `pagers` gives
    the apprise URL of each pager's address: it is asked each time, for people.yaml is reloaded.
    `now` is a monotonic clock in seconds."""

    def __init__(
        self,
        inner: Submitter,
        pagers: Callable[[], Mapping[str, str]],
        patience_seconds: float = PATIENCE_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._pagers = pagers
        self._patience_seconds = patience_seconds
        self._now = now
        self._results: SimpleQueue[DeliveryResult] = SimpleQueue()
        self._resting: dict[str, float] = {}  # services, until when

    def __call__(self, raw: bytes, envelope: Envelope) -> DeliveryResult:
        """Hand one letter to one recipient's pager, or on.

        A service that does not take a page is DEFERRED, one that does not answer in time UNKNOWN; a
        pager that is no more, or that apprise makes nothing of, is FAILED.
        """
        (recipient,) = envelope.recipients
        if not is_pager(recipient):
            return self._inner(raw, envelope)
        url = self._pagers().get(recipient)
        if url is None:
            return DeliveryResult(DeliveryState.FAILED, "there is no such pager in people.yaml")
        return self._unless_resting(url, *page_of(raw))

    def interrupt(self) -> None:
        """Wait for nothing that is under way."""
        self._results.put(DeliveryResult(DeliveryState.UNKNOWN, "we are about to stop"))
        self._inner.interrupt()

    def close(self) -> None:
        """Let the inner submitter's connection go."""
        self._inner.close()

    def _unless_resting(self, url: str, title: str, text: str) -> DeliveryResult:
        service, begun = _place(url), self._now()
        if begun < self._resting.get(service, begun):
            return DeliveryResult(DeliveryState.DEFERRED, "apprise: it did not answer a moment ago")
        result, now = self._page(url, title, text), self._now()
        if result.state is not DeliveryState.SENT and now - begun >= min(
            SLOW_SECONDS, self._patience_seconds
        ):
            self._resting[service] = now + REST_SECONDS
        return result

    def _page(self, url: str, title: str, text: str) -> DeliveryResult:
        """Page in a thread of its own, which nobody waits for longer than our patience lasts: what
        apprise does with a URL, and how often it retries, is the service's."""
        results = self._results = SimpleQueue()
        threading.Thread(
            target=lambda: results.put(_notify(url, title, text)), name="page", daemon=True
        ).start()
        try:
            return results.get(timeout=self._patience_seconds)
        except Empty:
            reason = f"apprise: no answer within {self._patience_seconds:g} seconds"
            return DeliveryResult(DeliveryState.UNKNOWN, reason)


def page_of(raw: bytes) -> tuple[str, str]:
    """Return what a letter says as a page, title and text: 140 characters together. The text goes
    first, for it says all that the title does."""
    letter = email.message_from_bytes(raw, policy=email.policy.default)
    body = letter.get_body(("plain",))
    words = body.get_content() if body else ""
    text = shortened(" ".join(words.split()), LONGEST_PAGE)
    room = LONGEST_PAGE - len(text)
    title = shortened(" ".join(str(letter["Subject"] or "").split()), room)
    return (title if room >= _SHORTEST_TITLE else ""), text


def _place(url: str) -> str:
    """Return what stands still when this pager's service does: the service, and the host where it
    is one of one's own; the URL where apprise makes nothing of it."""
    try:
        service = _service(url)
    except ImportError:
        return url
    if service is None:
        return url
    has_host = any("{host}" in template for template in service.templates)
    return (
        f"{service.service_name} {service.host}:{service.port}"
        if has_host
        else service.service_name
    )


def fault_of(url: str) -> str:
    """Return what is wrong with an apprise URL, "" if nothing; imports apprise.

    A fault does not name the URL, for it is a secret.
    """
    try:
        return "" if _service(url) else "apprise makes nothing of this URL"
    except ImportError as error:
        return f"apprise cannot be imported: {error}"


def _notify(url: str, title: str, text: str) -> DeliveryResult:
    """Page. It never raises: services of apprise are many, and of many hands."""
    try:
        service = _service(url)
        if service is None:
            return DeliveryResult(DeliveryState.FAILED, "apprise makes nothing of this pager's URL")
        apprise = _apprise()
        pager = apprise.Apprise(service, asset=_asset())
        result = pager.notify(text, title, body_format=apprise.NotifyFormat.TEXT)
        if result:
            return DeliveryResult(DeliveryState.SENT, f"apprise: {service.service_name} took it")
        reason = " ".join(" ".join(entry.message for entry in result.logs()).split())
        return DeliveryResult(
            DeliveryState.DEFERRED, shortened(f"apprise: {reason or 'not taken'}", _LONGEST_REASON)
        )
    except ImportError as error:
        return DeliveryResult(DeliveryState.DEFERRED, f"apprise cannot be imported: {error}")
    except Exception as error:  # noqa: BLE001 - see above
        return DeliveryResult(DeliveryState.DEFERRED, f"apprise: {type(error).__name__}")


def _service(url: str) -> Any:
    """Return apprise's service for a URL; None if there is none. Raises: ImportError."""
    return _apprise().Apprise.instantiate(url, asset=_asset())


@cache
def _apprise() -> Any:
    return import_module("apprise")


@cache
def _asset() -> Any:
    """How apprise behaves: nothing is stored, no thread is left behind, no system asked."""
    return _apprise().AppriseAsset(
        app_id="maildesk",
        async_mode=False,
        storage_mode="memory",
        language="en",
        service_timeout=0,  # ours is enough
        allow_templates=False,
    )
