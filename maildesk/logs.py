"""How the log is written: key-value for people, JSON under systemd. Always on stderr."""

import contextlib
import logging
import os
import sys
from typing import TextIO

import structlog


def configure_logs(level: str = "info", stream: TextIO | None = None) -> None:
    """Write structlog's events to `stream` (stderr)."""
    file = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _renderer(file),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Logger(file),
        cache_logger_on_first_use=False,
    )
    # Libraries that log by the standard library say nothing that ours do not.
    logging.getLogger().addHandler(logging.NullHandler())
    for name in ("apscheduler", "mail.log", "imapclient", "asyncio", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)


class _Logger(structlog.PrintLogger):
    """Prints lines; one that cannot be written is lost, for mail is worth more than its log."""

    def msg(self, message: str) -> None:
        """Print one line."""
        with contextlib.suppress(OSError, ValueError):  # disk full, reader gone, stream closed
            super().msg(message)

    log = debug = info = warn = warning = fatal = failure = err = error = critical = exception = msg


def _renderer(stream: TextIO) -> structlog.typing.Processor:
    if "INVOCATION_ID" in os.environ or "JOURNAL_STREAM" in os.environ:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=20)
