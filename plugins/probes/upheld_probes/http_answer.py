"""What an HTTP answer says of a page. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from http import HTTPStatus
from typing import Any

from upheld.json_path import value_at
from upheld_probes.config import HttpConfig
from upheld_probes.verdict import Seen, Settled, down, ending, plain, up

#: Characters of a version that are kept.
_LONGEST_VERSION = 80


@dataclass(frozen=True, slots=True)
class Answer:
    """What came; names of headers in small letters. ``whole``: it ended within the limit.
    ``elsewhere`` is a redirect that is not followed, and why; ``ends`` when the certificate of
    ``host`` ends."""

    host: str
    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    whole: bool = True
    elsewhere: str | None = None
    ends: datetime | None = None


def judged(target: HttpConfig, answer: Answer, now: datetime) -> Seen:
    """What it came to: everything that is expected is there, or the first that is not."""
    try:
        _status(target, answer)
        _text(target, answer)
        document = _document(target, answer)
        _values(target, document)
    except Settled as settled:
        return settled.seen
    soon = ending(answer.host, answer.ends, now, target.certificate_days)
    return up(_said(answer.status), _version(target, answer, document)).but(soon)


def _status(target: HttpConfig, answer: Answer) -> None:
    if answer.elsewhere is not None:
        raise down(f"{_said(answer.status)} {answer.elsewhere}")
    code = str(answer.status)
    if not {code, f"{code[0]}xx"} & set(target.status):
        raise down(f"{_said(answer.status)}, wanted {' or '.join(target.status)}")


def _text(target: HttpConfig, answer: Answer) -> None:
    if target.text is None and target.no_text is None:
        return
    text = _decoded(answer)
    if target.text is not None and target.text not in text:
        where = "the answer" if answer.whole else f"the first {len(answer.body)} bytes"
        raise down(f"{plain(target.text)!r} is not in {where}")
    if target.no_text is not None and target.no_text in text:
        raise down(f"{plain(target.no_text)!r} is in the answer")


def _decoded(answer: Answer) -> str:
    message = Message()
    message["Content-Type"] = answer.headers.get("content-type", "")
    try:
        return answer.body.decode(message.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # a charset that nobody knows
        return answer.body.decode("utf-8", "replace")


def _document(target: HttpConfig, answer: Answer) -> Any:
    """The answer's JSON where it is asked for; None where only its version would be in it."""
    if not target.values and target.version_path is None:
        return None
    try:
        return json.loads(answer.body) if answer.whole else None
    except (ValueError, RecursionError):
        return None


def _values(target: HttpConfig, document: Any) -> None:
    if target.values and document is None:
        raise down("the answer is no JSON, or longer than `body_limit`")
    for path, wanted in target.values.items():
        try:
            found = value_at(path, document)
        except LookupError:
            raise down(f"{path} is not in the answer, wanted {wanted!r}") from None
        # True is 1 in Python, not in JSON
        if found != wanted or isinstance(found, bool) != isinstance(wanted, bool):
            raise down(f"{path} is {plain(repr(found))}, wanted {wanted!r}")


def _version(target: HttpConfig, answer: Answer, document: Any) -> str | None:
    """What runs there, where it says so; that it does not is no failure."""
    found: Any = None
    if target.version_path is not None and document is not None:
        try:
            found = value_at(target.version_path, document)
        except LookupError:
            found = None
    elif target.version_header is not None:
        found = answer.headers.get(target.version_header.lower())
    given = isinstance(found, str | int | float) and not isinstance(found, bool)
    return (plain(str(found), _LONGEST_VERSION) or None) if given else None


def _said(status: int) -> str:
    """The status with its words: those of the standard, not the server's."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
