"""The same in comments, files, status and what goes wrong."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import timedelta
from typing import Any

import pytest

from tests.core.kit.plants import around, caught_by
from upheld.plugin import Permanent, Visibility
from upheld_builtin import adapter, fields, items, store
from upheld_builtin.adapter import Builtin
from upheld_builtin.items import Items
from upheld_email import letter
from upheld_pagerduty import client as pagerduty

# --- comments and files -----------------------------------------------------------------------------


@caught_by("G36-comments")
def turns_the_order_around(patch: pytest.MonkeyPatch) -> None:
    around(
        patch,
        Items,
        "_whole",
        lambda true, self, row: dataclasses.replace(
            (item := true(self, row)), comments=item.comments[::-1]
        ),
    )


@caught_by("G36-comments")
def forgets_to_touch_the_item(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Items, "_touch", lambda *_: None)


@caught_by("G36-comments")
def takes_every_comment_for_its_own(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(items, "_key", lambda row: row["marker"])


@caught_by("G37-internal")
def publishes_an_internal_comment(patch: pytest.MonkeyPatch) -> None:
    around(
        patch,
        Items,
        "add_comment",
        lambda true, self, id_, words, *rest: true(
            self, id_, dataclasses.replace(words, visibility=Visibility.PUBLIC), *rest
        ),
    )


@caught_by("G37-internal")
def publishes_and_says_that_it_did_not(patch: pytest.MonkeyPatch) -> None:
    def comment(true: Any, self: Builtin, ref: Any, words: Any, key: str) -> Any:
        shown = dataclasses.replace(words, visibility=Visibility.PUBLIC)
        return dataclasses.replace(true(self, ref, shown, key), visibility=words.visibility)

    around(patch, Builtin, "comment", comment)


@caught_by("G39-files")
def reads_files_as_text(patch: pytest.MonkeyPatch) -> None:
    around(patch, Items, "content", lambda true, self, id_: true(self, id_).replace(b"\r\n", b"\n"))
    around(
        patch,
        Items,
        "_insert_file",
        lambda true, self, item, comment, file, *rest: true(
            self,
            item,
            comment,
            dataclasses.replace(file, content=file.content.rstrip(b"\x00\xff")),
            *rest,
        ),
    )


@caught_by("G39-files")
def takes_half_of_what_is_too_large(patch: pytest.MonkeyPatch) -> None:
    def taken(self: Builtin, file: Any) -> Any:
        with file.open() as stream:
            return items.File(file.name, file.media_type, stream.read(1_000_000))

    patch.setattr(Builtin, "_taken", taken)


@caught_by("G39-files")
def loses_the_files_of_a_comment(patch: pytest.MonkeyPatch) -> None:
    around(
        patch,
        Items,
        "add_comment",
        lambda true, self, id_, words, files, *rest: true(self, id_, words, (), *rest),
    )


# --- status and failure -----------------------------------------------------------------------------


@caught_by("H40-statuses")
def promises_a_status_that_it_refuses(patch: pytest.MonkeyPatch) -> None:
    more = dataclasses.replace(fields.SCHEMA, statuses=(*fields.STATUSES, "escalated"))
    patch.setattr(adapter, "SCHEMA", more)


@caught_by("H44-reopen")
def keeps_no_history(patch: pytest.MonkeyPatch) -> None:
    around(
        patch,
        Items,
        "_whole",
        lambda true, self, row: dataclasses.replace(true(self, row), history=()),
    )


@caught_by("I46-classified")
def calls_a_locked_file_permanent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(store, "explained", lambda error, path: Permanent(str(error)))


@caught_by("I46-classified")
def lets_a_foreign_error_through(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(store, "explained", lambda error, path: error)


@caught_by("I21-limits", "pagerduty")
def ignores_retry_after(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pagerduty, "asked_to_wait", lambda *_: timedelta(0))


@caught_by("I22-classified", "pagerduty")
def takes_any_200_for_a_yes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pagerduty.EventsClient, "_refused", lambda self, response: None)


@caught_by("S42-same-id", "email")
def makes_an_id_for_each_attempt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(letter, "digest", lambda key, site: uuid.uuid4().hex[:16])


@caught_by("T14-hostile", "email")
def sends_what_turns_the_text(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(letter, "_straight", lambda value: value)


@caught_by("L63-stop")
def waits_for_ever(patch: pytest.MonkeyPatch) -> None:
    import threading

    patch.setattr(Builtin, "wait", lambda self, seconds: threading.Event().wait(30))
