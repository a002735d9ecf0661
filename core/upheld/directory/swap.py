"""Two people change turns: each stands in for the other, as overrides that can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from upheld.calendar.instant import Instant, iso
from upheld.case.override import Override
from upheld.directory.rotation import Rotation, Shift
from upheld.errors import Refusal


def swapped(
    rotation: Rotation, one: Instant, other: Instant, like: Override, standing: Sequence[Override]
) -> tuple[Override, ...]:
    """Overrides that give the turn running at ``one`` to whoever has that at ``other``, and the reverse.

    What of a turn is over by ``like.at`` stays as it was. ``like`` has who says so, why and when.
    ``Refusal`` where either is nobody's, both are one person's, or one is over.
    """
    first, second = (_ahead(rotation, at, like.at, standing) for at in (one, other))
    mine, theirs = first[0].person, second[0].person
    if mine == theirs or mine is None or theirs is None:
        raise Refusal(
            f"both turns are {mine}'s", do_next="name an instant in the turn of somebody else"
        )
    return (*_given(first, theirs, like), *_given(second, mine, like))


def _ahead(
    rotation: Rotation, at: Instant, now: Instant, standing: Sequence[Override]
) -> tuple[Shift, ...]:
    turn = rotation.turn(at, standing)
    if not turn:
        raise Refusal(
            f"nobody is on duty for {rotation.name} at {iso(at)}",
            do_next="put somebody there: `upheld oncall override`",
        )
    left = tuple(replace(each, since=max(each.since, now)) for each in turn if each.until > now)
    if not left:
        raise Refusal(f"the turn at {iso(at)} is over", do_next="name one that is to come")
    return left


def _given(turn: Sequence[Shift], person: str, like: Override) -> tuple[Override, ...]:
    return tuple(replace(like, person=person, since=each.since, until=each.until) for each in turn)
