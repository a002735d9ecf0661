"""Faults that integrators make, planted in the built-in tracker and in the notifiers."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from pydantic import ConfigDict

from upheld.plugin import Finding, Level, Lookup, Page, Permanent
from upheld_builtin import adapter, fields, items
from upheld_builtin.adapter import Builtin
from upheld_builtin.config import BuiltinConfig
from upheld_builtin.items import Items
from upheld_pagerduty import client as pagerduty

Plant = Callable[[pytest.MonkeyPatch], None]
PLANTS: Final[dict[str, tuple[str, str, Plant]]] = {}


def caught_by(assertion: str, plugin: str = "builtin") -> Callable[[Plant], Plant]:
    """Keeps a fault under its name, with the assertion that is to catch it."""

    def kept(plant: Plant) -> Plant:
        PLANTS[plant.__name__] = (plugin, assertion, plant)
        return plant

    return kept


def around(patch: pytest.MonkeyPatch, owner: Any, name: str, change: Callable[..., Any]) -> None:
    """Replace a function by one that is given the true one first."""
    true = getattr(owner, name)
    patch.setattr(owner, name, lambda *args, **named: change(true, *args, **named))


# --- settings ---------------------------------------------------------------------------------------


@caught_by("A1-config")
def takes_any_setting(patch: pytest.MonkeyPatch) -> None:
    class Lax(BuiltinConfig):
        model_config = ConfigDict(extra="ignore")

    patch.setattr(Builtin, "Config", Lax)


@caught_by("A2-secrets", "pagerduty")
def tells_the_key_in_an_error(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pagerduty.EventsClient, "_without_key", lambda self, text: f"{text} {_key(self)}")


@caught_by("A4-check")
def finds_everything_well(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Builtin, "check", lambda self: [Finding(Level.OK, "desk", "all is well")])


@caught_by("A4-check")
def tries_by_writing(patch: pytest.MonkeyPatch) -> None:
    def check(true: Any, self: Builtin) -> Any:
        with self._writing():
            return true(self)

    around(patch, Builtin, "check", check)


@caught_by("A5-no-io")
def opens_the_file_when_it_is_made(patch: pytest.MonkeyPatch) -> None:
    def made(true: Any, self: Builtin, *args: Any) -> None:
        true(self, *args)
        with self._reading():
            pass

    around(patch, Builtin, "__init__", made)


# --- creation ---------------------------------------------------------------------------------------


def _key(client: Any) -> str:
    return str(client._key.get_secret_value())


@caught_by("B7-lost-reply")
def skips_the_lookup_before_a_create(patch: pytest.MonkeyPatch) -> None:
    around(
        patch,
        Items,
        "create",
        lambda true, self, draft, marker, *rest: true(
            self, draft, f"{marker}~{uuid.uuid4()}", *rest
        ),
    )
    patch.setattr(Builtin, "find", lambda *_: Lookup(None, conclusive=True))


@caught_by("B7-lost-reply")
def comments_without_looking_for_the_key(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Items, "comment", lambda *_: None)
    around(
        patch,
        Items,
        "add_comment",
        lambda true, self, id_, words, files, marker, at: true(
            self, id_, words, files, f"{marker}~{uuid.uuid4()}", at
        ),
    )


@caught_by("B9-two-at-once")
def looks_up_in_another_transaction(patch: pytest.MonkeyPatch) -> None:
    def create(self: Builtin, draft: Any, key: str) -> Any:
        with self._writing() as found:
            return found.create(draft, f"{key}~{uuid.uuid4()}", 1, self.context.now())

    patch.setattr(Builtin, "create", create)


@caught_by("B11-lookup-first")
def finds_by_the_beginning_of_a_key(patch: pytest.MonkeyPatch) -> None:
    def by_marker(self: Items, marker: str) -> Any:
        row = self._first("SELECT * FROM item WHERE marker LIKE ? || '%'", marker)
        return self._whole(row) if row else None

    patch.setattr(Items, "by_marker", by_marker)


@caught_by("B11-lookup-first")
def is_sure_that_there_is_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Builtin, "find", lambda *_: Lookup(None, conclusive=True))


@caught_by("B12-renamed")
def calls_what_is_gone_permanent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(items, "Gone", Permanent)


# --- fields -----------------------------------------------------------------------------------------


@caught_by("C13-round-trip")
def cuts_long_text_without_a_word(patch: pytest.MonkeyPatch) -> None:
    around(
        patch,
        adapter,
        "accepted",
        lambda true, given: {
            name: value[:200] if isinstance(value, str) else value
            for name, value in true(given).items()
        },
    )


@caught_by("C13-round-trip")
def escapes_markup(patch: pytest.MonkeyPatch) -> None:
    around(
        patch,
        adapter,
        "accepted",
        lambda true, given: {
            name: value.replace("&", "&amp;") if isinstance(value, str) else value
            for name, value in true(given).items()
        },
    )


@caught_by("C14-values")
def takes_any_value(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fields, "_accept", lambda *_: None)


@caught_by("C16-instants")
def tells_instants_without_a_zone(patch: pytest.MonkeyPatch) -> None:
    around(
        patch,
        Items,
        "_whole",
        lambda true, self, row: dataclasses.replace(
            (item := true(self, row)), updated=item.updated.replace(tzinfo=None)
        ),
    )


@caught_by("C16-instants")
def keeps_the_zone_of_whoever_wrote(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fields, "_in_utc", lambda value: value)


@caught_by("C17-partial")
def empties_what_it_was_not_given(patch: pytest.MonkeyPatch) -> None:
    around(patch, adapter, "accepted", lambda true, given: {"queue": "default", **true(given)})


@caught_by("C17-partial")
def writes_over_what_it_has_not_seen(patch: pytest.MonkeyPatch) -> None:
    def update(true: Any, self: Builtin, ref: Any, given: Any, seen: str) -> Any:
        return true(self, ref, given, self.fetch(ref).version)

    around(patch, Builtin, "update", update)


@caught_by("C18-read-only")
def leaves_out_what_it_does_not_know(patch: pytest.MonkeyPatch) -> None:
    around(
        patch,
        adapter,
        "accepted",
        lambda true, given: true(
            {name: value for name, value in given.items() if name in fields._WRITABLE}
        ),
    )


# --- cursor -----------------------------------------------------------------------------------------


def _by_time(self: Builtin, cursor: str | None, overlap: timedelta) -> Page:
    """A cursor of instants."""
    now, start = self.context.now(), cursor or "0001-01-01T00:00:00+00:00"
    with self._reading() as found:
        rows = found.connection.execute("SELECT * FROM item WHERE updated > ?", (start,)).fetchall()
        return Page(tuple(map(found._whole, rows)), (now - overlap).isoformat(), False, now)


@caught_by("F28-same-instant")
def drops_the_overlap(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Builtin, "pull", lambda self, cursor: _by_time(self, cursor, timedelta(0)))


@caught_by("F31-pages")
def ends_after_one_page(patch: pytest.MonkeyPatch) -> None:
    around(patch, Builtin, "pull", lambda true, *args: dataclasses.replace(true(*args), more=False))


@caught_by("F31-pages")
def never_ends(patch: pytest.MonkeyPatch) -> None:
    around(patch, Builtin, "pull", lambda true, *args: dataclasses.replace(true(*args), more=True))


@caught_by("F31-pages")
def leaves_out_the_last_of_a_page(patch: pytest.MonkeyPatch) -> None:
    around(
        patch,
        Builtin,
        "pull",
        lambda true, *args: dataclasses.replace((page := true(*args)), items=page.items[:49]),
    )


@caught_by("F30-while-paging")
def pages_by_number(patch: pytest.MonkeyPatch) -> None:
    def since(self: Items, change: int, most: int) -> Any:
        rows = self.connection.execute(
            "SELECT * FROM item ORDER BY change LIMIT ? OFFSET ?", (most, change)
        ).fetchall()
        return [self._whole(row) for row in rows], change + len(rows)

    patch.setattr(Items, "changed_since", since)


@caught_by("F32-commit-fails")
def remembers_in_the_connection_what_it_read(patch: pytest.MonkeyPatch) -> None:
    def pull(true: Any, self: Any, cursor: str | None) -> Page:
        page: Page = true(self, getattr(self, "read_to", cursor))
        self.read_to = page.cursor
        return page

    around(patch, Builtin, "pull", pull)


@caught_by("F33-bad-cursor")
def trips_over_a_broken_cursor(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(adapter, "_position", lambda cursor, *_: int((cursor or "x:0").split(":")[1]))


@caught_by("F33-bad-cursor")
def believes_a_cursor_from_the_future(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(adapter, "_position", lambda cursor, *_: int((cursor or ":0").partition(":")[2]))


@caught_by("L62-memory")
def reads_everything_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(adapter, "A_PAGE", 1_000_000)
