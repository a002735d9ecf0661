"""Structured logs: one event a line, with case and connection on it; secrets left out.

What is *named* like a secret is blanked at any depth, and so are credentials inside URLs, in every
text and in tracebacks. Other text is not searched: whoever logs an exception answers for its words,
which is why the seam tells the kind of a plugin's exception and never its text.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TextIO

import structlog

from upheld.plugin import Logger

#: Values under these names never reach a log, whoever passes them.
_SECRET: Final = (
    "password",
    "passwd",
    "token",
    "secret",
    "authorization",
    "cookie",
    "routing_key",
    "api_key",
    "api-key",
)
#: ``scheme://user:password@host``: all before the last ``@`` (RFC 3986 §3.2.1).
_USERINFO: Final = re.compile(r"(?<=://)[^/?#\s]+@")
_BLANK: Final = "***"


def configure(stream: TextIO | None = None, *, json: bool = False, debug: bool = False) -> None:
    """Log to a stream (standard error): for people, or as JSON lines for machines."""
    out = stream or sys.stderr
    last: Any = structlog.processors.JSONRenderer()
    if not json:
        # Its richer tracebacks would show the values of variables.
        plain = structlog.dev.plain_traceback
        last = structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=plain)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            without_secrets,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.DEBUG if debug else logging.INFO
        ),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )


def silence() -> None:
    """Log nothing but what is critical: a screen is being drawn."""
    level = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=level, cache_logger_on_first_use=False)


def logger(**values: object) -> Logger:
    """A logger that has these values on every line."""
    found: Logger = structlog.get_logger(**values)
    return found


def without_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    """Blank what is named like a secret, however deep it lies."""
    return {key: _blanked(key, value) for key, value in event.items()}


def _blanked(name: object, value: Any) -> Any:
    if any(word in str(name).lower() for word in _SECRET):
        return _BLANK
    if isinstance(value, str):
        return _USERINFO.sub(f"{_BLANK}@", value)
    if isinstance(value, Mapping):
        return {key: _blanked(key, each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_blanked("", each) for each in value]
    return value
