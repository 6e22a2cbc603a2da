"""A service that takes pages: an HTTP server of our own, behind `json://127.0.0.1:PORT/NAME`."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class PagerService:
    """What came in, and how the service answers. `hang` is held as long as it does not answer."""

    url: str = ""
    status: int = 200
    pages: list[tuple[str, str, str]] = field(default_factory=list)  # name, title, text
    hang: threading.Event | None = None

    def of(self, name: str) -> str:
        """The apprise URL of somebody's pager."""
        return f"{self.url}/{name}"

    def texts(self, name: str) -> list[str]:
        """What somebody was paged."""
        return [text for who, _title, text in self.pages if who == name]


@contextmanager
def open_pager_service() -> Iterator[PagerService]:
    """Start a service on a free port of its own."""
    service = PagerService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            if service.hang:
                service.hang.wait(30)
            if service.status < 400:
                page = json.loads(raw)
                service.pages.append((self.path.strip("/"), page["title"], page["message"]))
            self.send_response(service.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.url = f"json://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield service
        finally:
            if service.hang:
                service.hang.set()
            server.shutdown()
            thread.join()
