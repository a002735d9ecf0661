"""The demo's night as it is where nobody has a tracker: the engineer works by commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from upheld.case.events import Actor, Side
from upheld.demo import PAT, Expected
from upheld.testing.stage import Stage

_BO, _ANN = Actor("bo", Side.STAFF), Actor("ann", Side.STAFF)
_BO_MAIL: Final = "bo@magnolia.example"
_PHONE: Final = "+12025550111"


@dataclass(frozen=True, slots=True)
class Beat:
    """Something that a person does, so many minutes into the night."""

    minute: int
    act: Callable[[Stage], object]


BEATS: Final = (
    Beat(0, lambda stage: stage.mail.write(PAT, "Nobody can connect", "Nobody, since 18:20.")),
    Beat(4, lambda stage: stage.site.verbs.triage("C1", _BO, 1, number="1042")),
    Beat(6, lambda stage: stage.site.verbs.acknowledge("C1", _ANN)),
    Beat(140, lambda stage: stage.site.verbs.work("C1", _BO)),
    Beat(200, lambda stage: stage.site.verbs.resolve("C1", _BO, "A core router was replaced.")),
    Beat(250, lambda stage: stage.site.verbs.close("C1", _BO, "agreed")),
)


def _page(minute: int, to: str, how: str = "trigger") -> Expected:
    return Expected(minute, "page", to, how, "")


def _stand_down(minute: int, how: str, *whom: str) -> Iterator[Expected]:
    yield from (_page(minute, who, how) for who in whom)


def _statuses() -> Iterator[Expected]:
    for hour in range(1, 5):
        due = 4 + 60 * hour
        yield Expected(due - 15, "mail", _BO_MAIL, "A sentence for the customer", "")
        yield Expected(due, "mail", PAT, "Status:", "")


EXPECTED: Final[Sequence[Expected]] = (
    Expected(0, "mail", PAT, "Re: Nobody can connect", ""),
    _page(0, "bo"),
    Expected(4, "mail", PAT, "[1042] Nobody", ""),
    _page(4, "ann"),
    _page(4, "bo"),
    *_stand_down(6, "acknowledge", "bo", "ann", "bo"),
    _page(36, "ann"),
    _page(41, "bo"),
    *_statuses(),
    _page(124, "vera"),
    Expected(124, "voice", _PHONE, "", ""),
    *_stand_down(140, "acknowledge", "ann", "bo", "vera"),
    *_stand_down(250, "resolve", "bo", "ann", "bo", "ann", "bo", "vera"),
)
