"""A URL for each monitor, and what a call of it says. Pure.

``/hooks/<connection>/<monitor>/<code>`` says that it went well; with ``/fail``, ``/degraded`` or an exit
code behind it, what came of it. ``/start`` answers a stamp that the end can give back. The code is made of
the monitor's name with the connection's secret: it tells of this monitor, and opens nothing else.
The words are those of Healthchecks (its documentation, "Pinging API"), but for ``degraded`` and the stamp.
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from upheld.plugin import Health, Reading, Request
from upheld.webhooks import last_line, rest, same

START: Final = "start"
#: What may stand behind the code, beside exit codes.
WORDS: Final = {"": Health.UP, "fail": Health.DOWN, "degraded": Health.DEGRADED}
_LARGEST_EXIT: Final = 255
_DETAIL: Final = 1000
_BYTES: Final = 20
#: What took longer was not one run.
_LONGEST: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has proved itself: of which monitor, and the word behind its code."""

    monitor: str
    word: str


def code(monitor: str, secret: str) -> str:
    """What makes the URL of a monitor unguessable: 160 bits."""
    made = hmac.new(secret.encode(), b"heartbeat:" + monitor.encode(), sha256).digest()
    return b32encode(made[:_BYTES]).decode().lower()


def path(connection: str, monitor: str, secret: str) -> str:
    """Where it is called."""
    return f"/hooks/{connection}/{quote(monitor, safe='')}/{code(monitor, secret)}"


def called(request: Request, secrets: Collection[str]) -> Call | None:
    """What is called; None where no code of ours is in it."""
    parts = rest(request)
    bare = Call("/".join(parts[:-1]), "")
    worded = Call("/".join(parts[:-2]), "".join(parts[-1:]))
    # Both are looked at, whatever comes of the first: how long it takes tells nobody anything.
    is_bare = _proven(bare.monitor, "".join(parts[-1:]), secrets)
    is_worded = _proven(worded.monitor, "".join(parts[-2:-1]), secrets)
    if is_bare:
        return bare
    return worded if is_worded else None


def reading(call: Call, request: Request) -> Reading | None:
    """What it says; None where its word is none that we know."""
    exit_code = _exit_code(call.word)
    word = call.word if exit_code is None else "fail" if exit_code else ""
    if word not in WORDS:
        return None
    said = last_line(request.body.decode(errors="replace"), _DETAIL)
    coded = [f"exit code {exit_code}"] if exit_code else []
    detail = ": ".join(filter(None, [*coded, said]))
    return Reading(call.monitor, WORDS[word], request.at, latency=took(request), detail=detail)


def stamp(at: datetime) -> str:
    """What a start is answered, for the end to give back."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def took(request: Request) -> timedelta | None:
    """How long it took: ``duration`` in seconds, or since the stamp in ``started``; None where it does not
    say, or nothing that can be."""
    told = dict(request.query)
    try:
        if "duration" in told:
            found = timedelta(seconds=float(told["duration"]))
        else:
            found = request.at - datetime.fromisoformat(told["started"])
    except (KeyError, ValueError, OverflowError, TypeError):
        return None
    return found if timedelta(0) <= found <= _LONGEST else None


def _exit_code(word: str) -> int | None:
    if not (word.isascii() and word.isdecimal() and len(word) <= 3):
        return None
    number = int(word)
    return number if number <= _LARGEST_EXIT else None


def _proven(monitor: str, given: str, secrets: Collection[str]) -> bool:
    return same([given], [code(monitor, each) for each in secrets]) and bool(monitor)
