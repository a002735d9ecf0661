"""How much of a message that tells of several cases fits its channel: pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from upheld.dispatch.templates import Written
from upheld.plugin import Channel
from upheld.sms import clean, longest, segments

#: The parts of an SMS that its text may take; what can be answered, and the link, come behind it.
_SEGMENTS: Final = 3
#: Characters: what somebody listens to in a call, and reads in a chat.
_ROOM: Final[Mapping[str, int]] = {Channel.VOICE.value: 700, Channel.CHAT.value: 2_000}


def as_many_as_fit(write: Callable[[int], Written], count: int, channel: str) -> Written:
    """What ``write`` makes of the first of ``count`` cases: of as many as fit, of one at least."""
    if count == 1 or _fits(whole := write(count), channel):
        return write(1) if count == 1 else whole
    shown = longest("." * count, lambda n: _fits(write(n), channel))
    return write(max(shown, 1))


def _fits(letter: Written, channel: str) -> bool:
    text = f"{letter.subject}\n{letter.text}"
    if channel == Channel.SMS.value:
        return segments(clean(text)) <= _SEGMENTS
    return len(text) <= _ROOM.get(channel, len(text))
