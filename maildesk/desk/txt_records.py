"""TXT records from the DNS, with a time limit, remembered for a while."""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence

import dns.exception
import dns.name
import dns.resolver
from dns.rdatatype import TXT

from maildesk.errors import Unavailable

CACHED = 1024
KEEP_SECONDS = 3600.0
KEEP_NONE_SECONDS = 300.0
KEEP_SILENCE_SECONDS = 30.0


class TxtRecords:
    """Looks TXT records up; thread-safe."""

    def __init__(self, nameservers: Sequence[str] = (), port: int = 53) -> None:
        """Ask these servers; without any those that the system names."""
        self._nameservers = list(nameservers)
        self._port = port
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, tuple[float, bytes | Unavailable | None]] = OrderedDict()

    def __call__(self, name: bytes, timeout: float) -> bytes | None:
        """Return the record, or None where there is none. Raises: Unavailable."""
        with self._lock:
            expires_at, answer = self._known.get(name, (0.0, None))
        if expires_at <= time.monotonic():
            answer, keep_seconds = self._ask(name, timeout)
            self._remember(name, answer, keep_seconds)
        if isinstance(answer, Unavailable):
            raise Unavailable(answer.text)
        return answer

    def _ask(self, name: bytes, timeout: float) -> tuple[bytes | Unavailable | None, float]:
        try:
            found = self._resolver().resolve(
                dns.name.from_text(name.decode("ascii")), TXT, lifetime=timeout, search=False
            )
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN):
            return None, KEEP_NONE_SECONDS
        except (dns.exception.DNSException, OSError, ValueError) as error:
            return Unavailable(f"DNS: {type(error).__name__}"), KEEP_SILENCE_SECONDS
        seconds = min(KEEP_SECONDS, max(0.0, float(found.rrset.ttl if found.rrset else 0)))
        return _key_record([b"".join(record.strings) for record in found]), seconds

    def _resolver(self) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=not self._nameservers)
        if self._nameservers:
            resolver.nameservers = list(self._nameservers)
            resolver.port = self._port
        return resolver

    def _remember(self, name: bytes, answer: bytes | Unavailable | None, seconds: float) -> None:
        with self._lock:
            self._known[name] = (time.monotonic() + seconds, answer)
            self._known.move_to_end(name)
            while len(self._known) > CACHED:
                self._known.popitem(last=False)


def _key_record(records: list[bytes]) -> bytes | None:
    """The only record that can be a key; a wildcard brings others under every name."""
    keys = [record for record in records if b"p=" in record]
    return keys[0] if len(keys) == 1 else None
