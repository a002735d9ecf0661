"""An issue and what hangs on it: data only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from upheld_jira.simulator.fields import Kept

#: The entity property of a comment by which Service Management hides it from customers.
PUBLIC_PROPERTY = "sd.public.comment"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a change: ids and words, before and after."""

    field: str
    field_id: str
    old: tuple[str | None, str | None]
    new: tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class History:
    """What one user changed at one moment."""

    id: str
    by: str
    at: datetime
    items: tuple[Item, ...]


@dataclass(slots=True)
class Comment:
    """``public``: whether a customer of the portal reads it. ``visibility`` is a role or group, which
    hides nothing from the portal."""

    id: str
    by: str
    at: datetime
    text: str
    public: bool
    updated: datetime
    updated_by: str
    visibility: dict[str, str] | None = None
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class File:
    """An attachment; ``public`` where it came with a public comment or from the customer."""

    id: str
    name: str
    by: str
    at: datetime
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Worklog:
    """Time that somebody spent."""

    id: str
    by: str
    at: datetime
    seconds: int
    text: str = ""


@dataclass(slots=True)
class Issue:
    """``values`` holds the fields by id as they are kept; ``request``: it came by the portal."""

    id: str
    key: str
    project: str
    status: str
    created: datetime
    updated: datetime
    creator: str
    values: dict[str, Kept] = field(default_factory=dict)
    resolved: datetime | None = None
    request: bool = False
    former_keys: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    histories: list[History] = field(default_factory=list)
    worklogs: list[Worklog] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    remote_links: dict[str, dict[str, Any]] = field(default_factory=dict)

    def comment(self, id_: str) -> Comment | None:
        """By id."""
        return next((each for each in self.comments if each.id == id_), None)
