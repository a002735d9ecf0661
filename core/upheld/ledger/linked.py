"""Records of links: which remote item a case is, or was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from upheld.calendar.instant import Instant

#: An item that was not there so often, when it was asked for, counts as gone.
GONE: Final = 2
#: What both sides had of a field when they last agreed: (ours, theirs), each as JSON has it.
Agreed: TypeAlias = tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """Which remote item a case is on a connection, and what was last agreed, by field of ours.

    ``version`` is the item's as it was agreed on, ``updated`` as of when it was read last by the
    tracker's clock, ``since`` (policy time) when it was linked,
    ``mirrored`` the case's ``seq`` up to which its messages were written there. ``missed`` counts how
    often in a row the item was not there; ``gone`` tells since when. ``refused`` is what the tracker
    would not take, by field of ours: [value, message]. ``listed``: when reconciling came upon it.
    """

    subject: str
    connection: str
    remote_id: str
    key: str
    url: str | None
    scope: str = ""
    version: str | None = None
    updated: Instant | None = None
    agreed: Mapping[str, Agreed] = field(default_factory=dict)
    since: Instant = 0
    mirrored: int = 0
    missed: int = 0
    gone: Instant | None = None
    refused: Mapping[str, Any] = field(default_factory=dict)
    listed: Instant = 0

    @property
    def is_gone(self) -> bool:
        """Whether the item counts as not there any more."""
        return self.missed >= GONE


@dataclass(frozen=True, slots=True)
class Unlinked:
    """An item that was a case's once; ``at`` is policy time."""

    connection: str
    remote_id: str
    key: str
    subject: str
    reason: str
    at: Instant
