"""Whether somebody may stand in: what is refused is told before anything is written."""

from __future__ import annotations

import difflib

from upheld.calendar.instant import Instant, iso
from upheld.case.override import Override
from upheld.directory.lookup import Directory
from upheld.directory.rotation import Rotation
from upheld.errors import NotFound, Refusal


def stand_in(
    directory: Directory,
    rotation: str,
    person: str,
    since: Instant,
    until: Instant,
    *,
    by: str,
    why: str,
    at: Instant,
) -> Override:
    """An override, to be recorded; ``NotFound`` or ``Refusal`` where it makes no sense."""
    known(directory, rotation)
    if person not in directory.people:
        near = difflib.get_close_matches(person, directory.people, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "put them under `people`"
        raise NotFound(f"there is nobody called {person!r}", do_next=hint)
    if until <= max(since, at):
        raise Refusal(
            f"from {iso(since)} until {iso(until)} is no time to come",
            do_next="name an end that is after the beginning, and still to come",
        )
    return Override(0, rotation, person, since, until, by, why, at)


def known(directory: Directory, rotation: str) -> Rotation:
    """The rotation of a name, kept here; ``NotFound`` or ``Refusal``."""
    found = directory.rotations.get(rotation)
    if found is None:
        near = ", ".join(directory.rotations) or "there are none in upheld.yaml"
        raise NotFound(f"no rotation {rotation!r}", do_next=f"one of: {near}")
    if found.held_by:
        where = ", ".join(found.held_by)
        raise Refusal(f"{rotation!r} is kept by {where}", do_next=f"change it there: {where}")
    return found
