"""What every plugin that takes webhooks needs: who calls, what JSON says, texts that are safe. Pure.

Public, beside `upheld.plugin`.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64decode
from binascii import Error
from collections.abc import Collection, Iterable
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Final, NoReturn, TypeAlias
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from upheld.plugin import Request
from upheld.sms import harmless

#: Characters of a line that is kept of a text from outside.
LONGEST: Final = 1000
#: So many times as much of it is looked at: most of a log may be spaces.
_LOOKED_AT: Final = 4
_DOOR: Final = "/hooks/"
#: Characters of a secret that nobody guesses.
_SHORTEST: Final = 16


def _listed(written: Any) -> Any:
    return written if isinstance(written, list | tuple) else [written]


def _long_enough(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if any(len(each.get_secret_value()) < _SHORTEST for each in secrets):
        raise ValueError(f"needs {_SHORTEST} characters or more each")
    return secrets


#: What callers prove themselves with, in a plugin's settings: one, or a list while one is replaced.
Secrets: TypeAlias = Annotated[
    tuple[SecretStr, ...],
    Field(min_length=1),
    BeforeValidator(_listed),
    AfterValidator(_long_enough),
]


def header(request: Request, name: str) -> str:
    """The first header of this name, whatever its case; "" without."""
    found = (value for each, value in request.headers if each.lower() == name.lower())
    return next(found, "")


def rest(request: Request) -> tuple[str, ...]:
    """What stands in the path behind ``/hooks/<connection>/``, part by part."""
    path = urlsplit(request.url).path.partition(_DOOR)[2]
    return tuple(unquote(each) for each in path.split("/")[1:] if each)


def proven(request: Request, secrets: Collection[str]) -> bool:
    """Whether it bears one of the secrets: as a bearer token, as the password of basic authentication
    (whoever the user), or as the last part of the path."""
    return same([*_presented(header(request, "authorization")), *rest(request)[-1:]], secrets)


def same(given: Collection[str], secrets: Collection[str]) -> bool:
    """Whether any of these is any of the secrets. Every pair is compared, each in constant time."""
    pairs = [(_digest(one), _digest(other)) for one in given or ("",) for other in secrets]
    return sum(hmac.compare_digest(one, other) for one, other in pairs) > 0


def read_json(body: bytes) -> Any:
    """What a body says; ``ValueError`` where it is no JSON, or deeper or larger than anybody means."""
    try:
        return _mended(json.loads(body.decode("utf-8-sig"), parse_constant=_no_number))
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def line(text: str, most: int = LONGEST) -> str:
    """A text from outside as one line that obeys nobody, with its beginning where it is too long."""
    shown = _line(text[: _LOOKED_AT * most])
    whole = len(text) <= _LOOKED_AT * most and len(shown) <= most
    return shown if whole else f"{shown[: most - 1]}…"


def last_line(text: str, most: int = LONGEST) -> str:
    """The same with its end: where a log is too long, that tells what went wrong."""
    shown = _line(text[-_LOOKED_AT * most :])
    whole = len(text) <= _LOOKED_AT * most and len(shown) <= most
    return shown if whole else f"…{shown[1 - most :]}"


def not_later(at: datetime, request: Request) -> datetime:
    """An instant that a caller tells: nothing happened later than it is told."""
    return min(at.astimezone(request.at.tzinfo), request.at)


def _presented(authorization: str) -> Iterable[str]:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        yield value.strip()
    if scheme.lower() == "basic":
        try:
            yield b64decode(value.strip(), validate=True).decode().partition(":")[2]
        except (Error, ValueError):
            return


def _mended(value: Any) -> Any:
    """Without half pairs of UTF-16, which JSON can write and nobody can store."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_mended(each) for each in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(each) for name, each in value.items()}
    return value


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _line(text: str) -> str:
    # What is no character at all (half of a pair) could not be stored.
    return " ".join(harmless(" ".join(text.encode("utf-8", "replace").decode().split())).split())


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
