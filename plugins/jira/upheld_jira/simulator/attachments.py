"""Files over REST: an upload as multipart, a download that the cloud redirects to another host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from upheld_jira.simulator import changes, shown
from upheld_jira.simulator.issue import File
from upheld_jira.simulator.issues import named
from upheld_jira.simulator.wire import Call, Json, Refusal, Reply, Route

_BOUNDARY: Final = re.compile(r'boundary="?([^";]+)"?')
_PLAIN_NAME: Final = re.compile(r'filename="((?:\\.|[^"\\])*)"')
_CODED_NAME: Final = re.compile(r"filename\*=(?:utf-8|UTF-8)''([^;\s]+)")
_RANGE: Final = re.compile(r"bytes=(\d+)-(\d*)$")
_MOST_FILES: Final = 60


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    media_type: str
    content: bytes


def _parts(call: Call) -> list[_Part]:
    """The files of a multipart body (RFC 7578); each part must be called ``file``."""
    found = _BOUNDARY.search(call.headers.get("content-type", ""))
    if found is None:
        raise Refusal(415, "A multipart/form-data body is expected.")
    pieces = call.raw.split(b"--" + found[1].encode())[1:-1]
    return [_part(piece) for piece in pieces]


def _part(piece: bytes) -> _Part:
    head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    words = head.decode()
    if 'name="file"' not in words:
        raise Refusal(400, "The name of the multipart part must be 'file'.")
    coded, plain = _CODED_NAME.search(words), _PLAIN_NAME.search(words)
    name = unquote(coded[1]) if coded else unquote(plain[1]) if plain else "file"
    media = re.search(r"(?i)content-type:\s*([^\r\n;]+)", words)
    return _Part(name, media[1] if media else "application/octet-stream", content[:-2])


def _upload(call: Call) -> Reply:
    if call.headers.get("x-atlassian-token") != "no-check":
        raise Refusal(403, "XSRF check failed")
    found = named(call)
    call.site.allow("CREATE_ATTACHMENTS")
    parts = _parts(call)
    if len(parts) > _MOST_FILES:
        raise Refusal(413, f"At most {_MOST_FILES} files at once.")
    made = [
        changes.attach(call.site, found, call.who, each.name, each.content, each.media_type)
        for each in parts
    ]
    return Reply(200, [shown.file(call, each) for each in made])


def _held(call: Call) -> File:
    for found in call.site.issues.values():
        for each in found.files:
            if each.id == call.parts["id"] and call.user is not None:
                return each
    raise Refusal(404, f"The attachment with id '{call.parts['id']}' does not exist")


def _read(call: Call) -> Reply:
    body = shown.file(call, _held(call))
    return Reply(body=body | ({"id": int(body["id"])} if call.site.cloud else {}))


def _limits(call: Call) -> Reply:
    body: Json = {"enabled": True, "uploadLimit": call.site.upload_limit}
    return Reply(body=body)


def _redirect(call: Call) -> Reply:
    """To a host that must never see our credentials; the address itself is the right to read."""
    held = _held(call)
    if call.one("redirect") == "false":
        return _bytes(call, held)
    port = urlsplit(call.site.url).port
    return Reply(
        303, headers={"Location": f"http://localhost:{port}/media/{held.id}/{quote(held.name)}"}
    )


def _bytes(call: Call, held: File) -> Reply:
    part = _RANGE.match(call.headers.get("range", ""))
    if part is None:
        return Reply(raw=held.content, media=held.media_type)
    start, end = int(part[1]), int(part[2] or len(held.content) - 1)
    if start >= len(held.content):
        return Reply(416)
    return Reply(206, raw=held.content[start : end + 1], media=held.media_type)


def _download(call: Call) -> Reply:
    return _bytes(call, _held(call))


def _media(call: Call) -> Reply:
    """The other host: credentials that come here have leaked."""
    if "authorization" in call.headers:
        call.site.leaks.append(call.path)
        raise Refusal(400, "Only one auth mechanism allowed")
    for found in call.site.issues.values():
        for each in found.files:
            if each.id == call.parts["id"]:
                return _bytes(call, each)
    raise Refusal(404, "no such file")


ROUTES: Final = (
    Route("POST", "issue/{issue}/attachments", _upload),
    Route("GET", "attachment/meta", _limits),
    Route("GET", "attachment/{id}", _read),
    Route("GET", "attachment/content/{id}", _redirect, only="cloud"),
)
#: Beside the API: Data Center's own address, and the cloud's other host.
PLAIN_ROUTES: Final = (
    Route("GET", "secure/attachment/{id}/{name}", _download, only="dc"),
    Route("GET", "media/{id}/{name}", _media, guests=True, only="cloud"),
)
