"""How the log is written: key-value for people, JSON under systemd. Always on stderr."""

import logging
import os
import sys
from typing import TextIO

import structlog


def configure_logs(level: str = "info", stream: TextIO | None = None) -> None:
    """Write structlog's events to `stream` (stderr)."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _renderer(stream or sys.stderr),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries that log by the standard library say nothing that ours do not.
    logging.getLogger().addHandler(logging.NullHandler())
    for name in ("apscheduler", "mail.log", "imapclient", "asyncio", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _renderer(stream: TextIO) -> structlog.typing.Processor:
    if "INVOCATION_ID" in os.environ or "JOURNAL_STREAM" in os.environ:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=20)
