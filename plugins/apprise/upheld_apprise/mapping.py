"""Our messages as a title and a body, and a no of Apprise as one of our errors. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from upheld.plugin import Outgoing, Permanent, PluginError, Retry, Unknown
from upheld.sms import harmless

#: A far end that has had too many says how long in its answer, which Apprise does not hand on.
PATIENCE: Final = timedelta(minutes=1)
CUT: Final = "…"
_LOOK: Final = "look there: it may have arrived"


def written(message: Outgoing, room: tuple[int, int]) -> tuple[str, str]:
    """Title and body, as much as there is room for. A place without titles has all in the body."""
    title, body = _line(message.subject), _body(message)
    if not room[0]:
        title, body = "", f"{title}\n{body}"
    return _cut(title, room[0]), _cut(body, room[1])


def refused(where: str, status: int | None) -> PluginError:
    """What a no means, as far as the status tells; ``where`` names the place, never its URL."""
    if status is None:
        return Unknown(f"{where} gave no answer, or none that Apprise took", _LOOK)
    what = f"{where} answered {status}"
    if status == 429:
        return Retry(what, "nothing to do: it waits", after=PATIENCE)
    if status in {401, 403}:
        # Not `Auth`: that would stop the connection, and with it every other place.
        return Permanent(what, "its credentials are refused: correct its URL under `urls`")
    if 300 <= status < 500 and status != 408:
        return Permanent(what, "correct its URL under `urls`; another channel goes on")
    return Unknown(what, _LOOK)


def _body(message: Outgoing) -> str:
    files = [each.name for each in message.attachments]
    parts = (
        message.text,
        f"Files: {', '.join(files)}" if files else "",
        message.url or "",
    )
    return "\n".join(filter(None, map(harmless, parts)))


def _line(text: str) -> str:
    return " ".join(harmless(text).split())


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: max(length - 1, 0)] + CUT
