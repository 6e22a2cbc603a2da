"""Is every part making progress? Answers `/healthz`, and feeds systemd's watchdog."""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

from maildesk.settings import Endpoint
from maildesk.transport.smtp_endpoint import bind_failure

PEER_SECONDS = 10  # for a request; then the connection is closed

Check = Callable[[], str]  # "" where all is well, else what is wrong


class Health:
    """The checks of a daemon's parts, by name."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def watch(self, part: str, check: Check) -> None:
        """Ask `check` about `part` from now on."""
        self._checks[part] = check

    def troubles(self) -> Mapping[str, str]:
        """Return what is wrong, by part; empty where all is well."""
        said = {part: check() for part, check in self._checks.items()}
        return {part: trouble for part, trouble in said.items() if trouble}


def is_stuck(trouble: str) -> bool:
    """Whether a part does nothing any more: a restart helps. Other troubles pass by themselves."""
    return trouble == "ended" or trouble.startswith("no progress")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without asking the DNS for our own name, as HTTPServer does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]


class _ServerV6(_Server):
    address_family = socket.AF_INET6


class HealthServer:
    """Serves `/healthz` on loopback: 200, or 503 with the parts that make no progress."""

    def __init__(self, endpoint: Endpoint, health: Health) -> None:
        """Listen. Raises: Unavailable (somebody listens there), Misconfigured."""
        server = _ServerV6 if ":" in endpoint.host else _Server
        try:
            self._server = server((endpoint.host, endpoint.port), _handler(health))
        except (OSError, UnicodeError) as error:
            raise bind_failure(endpoint, error) from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="healthz")

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return Endpoint(str(self._server.server_address[0]), self._server.server_address[1])

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(health: Health) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = PEER_SECONDS

        def do_GET(self) -> None:
            if self.path != "/healthz":
                self.send_error(404)
                return
            troubles = health.troubles()
            body = json.dumps({"ok": not troubles, "troubles": dict(troubles)}).encode()
            self.send_response(503 if troubles else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body + b"\n")

        def log_message(self, *_: object) -> None:
            """Stay silent: the log is for mail."""

    return Handler
