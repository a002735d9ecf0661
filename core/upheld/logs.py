"""Structured logs: one event a line, with case and connection on it; secrets left out."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TextIO

import structlog

from upheld.plugin import Logger

#: Values under these names never reach a log, whoever passes them.
_SECRET: Final = ("password", "token", "secret", "authorization", "routing_key", "api_key")


def configure(stream: TextIO | None = None, *, json: bool = False, debug: bool = False) -> None:
    """Log to a stream (standard error): for people, or as JSON lines for machines."""
    out = stream or sys.stderr
    last: Any = structlog.processors.JSONRenderer()
    if not json:
        last = structlog.dev.ConsoleRenderer(colors=out.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_secrets,
            structlog.processors.format_exc_info,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.DEBUG if debug else logging.INFO
        ),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )


def logger(**values: object) -> Logger:
    """A logger that has these values on every line."""
    found: Logger = structlog.get_logger(**values)
    return found


def without_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    """Blank what is named like a secret, however it came here."""
    for key in event:
        if any(word in key.lower() for word in _SECRET):
            event[key] = "***"
    return event
