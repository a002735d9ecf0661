"""Entries of forms over AR System's REST API, and what its answers mean.

The host in a link is often the server's name inside, so links are read for their path alone. A list
goes on while the answer says `next`; a page may be shorter than was asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn
from urllib.parse import quote, unquote, urlencode, urlsplit

import requests

from upheld.plugin import Misconfigured, Permanent, PluginError, Retry, Unknown
from upheld_remedy import errors
from upheld_remedy.session import Session

Row = Mapping[str, Any]
#: A file's field, name and bytes.
File = tuple[str, str, bytes]
_API: Final = "/api/arsys/v1"
_LONGEST: Final = timedelta(hours=1)
_SHOWN: Final = 300


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of a form; ``more``: the server has further ones; ``at`` is its own time, where it tells."""

    rows: tuple[Row, ...]
    more: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Created:
    """What a create answered: the new row's id, and the values that were asked for, if it told any."""

    id: str | None
    values: Row


class Client:
    """Reads and writes rows of forms."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def rows(
        self,
        form: str,
        qualification: str,
        names: Sequence[str],
        *,
        order: Sequence[str] = (),
        limit: int = 100,
    ) -> Listing:
        """The first rows that fit, ``limit`` at most, in ascending ``order``."""
        query = {"fields": _values(names), "limit": str(limit)}
        query |= {"q": qualification} if qualification else {}
        query |= {"sort": ",".join(f"{name}.asc" for name in order)} if order else {}
        response = self._sent("GET", _entry(form), query)
        body = self._read(response)
        rows = tuple(dict(each["values"]) for each in body.get("entries") or ())
        more = bool((body.get("_links") or {}).get("next"))
        return Listing(rows, more and bool(rows), _date(response))

    def row(self, form: str, id_: str, names: Sequence[str]) -> Row:
        """One row by its id; `Gone` where it is not there."""
        body = self._read(self._sent("GET", _entry(form, id_), {"fields": _values(names)}))
        return dict(body["values"])

    def create(
        self,
        form: str,
        values: Mapping[str, Any],
        *,
        returning: Sequence[str] = (),
        files: Sequence[File] = (),
    ) -> Created:
        """A new row. ``returning`` are the names of values to answer with."""
        query = {"fields": _values(returning)} if returning else {}
        sent = _multipart(values, files) if files else {"json": {"values": values}}
        response = self._sent("POST", _entry(form), query, **sent)
        body = self._read(response) if response.content else {}
        return Created(_last_part(response), dict(body.get("values") or {}))

    def modify(self, form: str, id_: str, values: Mapping[str, Any]) -> None:
        """Change these values of a row, and no others."""
        response = self._sent("PUT", _entry(form, id_), {}, json={"values": values})
        if response.content:
            self._read(response)

    def attachment(self, form: str, id_: str, field: str) -> bytes:
        """The bytes of a file."""
        path = f"{_entry(form, id_)}/attach/{quote(field, safe='')}"
        response = self._sent("GET", path, {}, headers={"Accept": "*/*"})
        return response.content

    def described(self, form: str) -> Any:
        """A form's fields, as the server shows them."""
        return self._json(self._sent("GET", f"{_API}/fields/{quote(form, safe='')}", {}))

    def close(self) -> None:
        """Sign out."""
        self._session.close()

    # --- parts ---

    def _sent(
        self, method: str, path: str, query: Mapping[str, str], **options: Any
    ) -> requests.Response:
        # AR System is asked with %20: whether it takes a plus for a blank is nowhere said.
        asked = f"?{urlencode(query, quote_via=quote)}" if query else ""
        response = self._session.request(method, f"{path}{asked}", **options)
        if not response.ok or response.is_redirect:
            self._refuse(response, writing=method != "GET")
        return response

    def _read(self, response: requests.Response) -> dict[str, Any]:
        body = self._json(response)
        writing = response.request.method != "GET"
        failed = errors.failure(errors.messages(body), writing=writing)
        if failed is not None:  # a list of errors with status 200
            raise failed
        if not isinstance(body, dict):
            raise _lost("AR System's answer has an unknown shape", writing=writing)
        return body

    def _json(self, response: requests.Response) -> Any:
        try:
            return response.json()
        except ValueError:
            what = "the answer is no JSON: a proxy's page, or one that was cut off"
            raise _lost(what, writing=response.request.method != "GET") from None

    def _refuse(self, response: requests.Response, *, writing: bool) -> NoReturn:
        status = response.status_code
        if status == 429:
            what = "too many requests: the server or a proxy limits them"
            raise Retry(what, "lower `rate` where it goes on", after=_after(response))
        text = self._session.redacted(response.text)  # it may quote what it was sent
        try:
            failed = errors.failure(errors.messages(json.loads(text)), writing=writing)
        except ValueError:
            failed = None
        page = "html" in response.headers.get("Content-Type", "")
        shown = "a page" if page else " ".join(text.split())[:_SHOWN]
        raise failed or _by_status(status, shown, writing=writing)


def _by_status(status: int, text: str, *, writing: bool) -> PluginError:
    """An answer without a message of AR System: it is not from AR System."""
    what = f"status {status} and no message of AR System, but {text or 'nothing'}"
    if status >= 500 or status == 408:
        return _lost(what, writing=writing)
    if 300 <= status < 400 or status in {404, 405}:
        return Misconfigured(what, "look at `url`: the REST API has a port of its own")
    return Permanent(what, "see what stands between this machine and `url`")


def _lost(what: str, *, writing: bool) -> PluginError:
    if writing:
        return Unknown(what, "it may have been done: it is looked up before it is tried again")
    return Retry(what, "see what stands between this machine and `url`")


def _entry(form: str, id_: str | None = None) -> str:
    row = "" if id_ is None else f"/{quote(id_, safe='')}"
    return f"{_API}/entry/{quote(form, safe='')}{row}"


def _values(names: Sequence[str]) -> str:
    return f"values({','.join(names)})"


def _multipart(values: Mapping[str, Any], files: Sequence[File]) -> dict[str, Any]:
    """An entry with files, all of it bytes: it can be sent again as it is."""
    named = {**values, **{field: name for field, name, _ in files}}
    entry = (None, json.dumps({"values": named}), "application/json")
    attached = [
        (f"attach-{field}", (name, content, "application/octet-stream"))
        for field, name, content in files
    ]
    return {"files": [("entry", entry), *attached]}


def _last_part(response: requests.Response) -> str | None:
    """The id at the end of the `Location`, whatever host it names."""
    path = urlsplit(response.headers.get("Location", "")).path
    return unquote(path.rpartition("/")[2]) or None


def _date(response: requests.Response, name: str = "Date") -> datetime | None:
    try:
        when = parsedate_to_datetime(response.headers.get(name, ""))
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _after(response: requests.Response) -> timedelta | None:
    """How long we are asked to wait: seconds or an HTTP date (RFC 9110 §10.2.3)."""
    given = response.headers.get("Retry-After", "").strip()
    if given.isdecimal():
        return min(timedelta(seconds=int(given[:6])), _LONGEST)
    then = _date(response, "Retry-After")
    if then is None:
        return None
    wait = then - (_date(response) or datetime.now(UTC))  # an HTTP date is real time
    return min(max(wait, timedelta(0)), _LONGEST)
