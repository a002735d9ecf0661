"""Faults planted in the core: what its part of a contract is there to catch."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.core.kit.plants import around, caught_by
from upheld.daemon.pulls import Puller
from upheld.dispatch.sender import Sender
from upheld.ledger import Transaction
from upheld.plugin import Actor as RemoteActor
from upheld.plugin import Comment, Lookup, Side, Visibility
from upheld.sync import agreement, mirrors
from upheld.sync.merge import ConflictRule
from upheld.sync.reader import Reader
from upheld_builtin.adapter import Builtin


@caught_by("B8-crash")
def creates_again_without_looking(patch: pytest.MonkeyPatch) -> None:
    """A tracker that takes no keys, and a core that does not look up."""
    around(
        patch,
        Builtin,
        "create",
        lambda true, self, draft, key: true(self, draft, f"{key}~{self.context.now()}~{id(draft)}"),
    )
    patch.setattr(Builtin, "find", lambda *_: Lookup(None, conclusive=True))


@caught_by("B10-adopted")
def takes_its_own_item_for_a_new_one(patch: pytest.MonkeyPatch) -> None:
    from upheld.sync.tracked import Tracked

    patch.setattr(Tracked, "_ours", lambda *_: None)


@caught_by("D23-bots")
def ignores_every_machine(patch: pytest.MonkeyPatch) -> None:
    def who(true: Any, self: Reader, actor: RemoteActor, at: int) -> Any:
        machine = actor.side is Side.SYSTEM
        seen = dataclasses.replace(actor, side=Side.UPHELD) if machine else actor
        return true(self, seen, at)

    around(patch, Reader, "who", who)


@caught_by("D20-quiet-all")
def sends_back_what_it_read(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mirrors, "elsewhere", lambda event, links: (mirrors.said(event), None))


@caught_by("D19-quiet")
def forgets_what_was_agreed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Transaction, "agree", lambda *_: None)


@caught_by("E25-same-field")
def lets_the_tracker_win_whatever_the_rule(patch: pytest.MonkeyPatch) -> None:
    def merge(true: Any, *args: Any, rule: ConflictRule, **named: Any) -> Any:
        return true(*args, rule=ConflictRule.REMOTE, **named)

    around(patch, agreement, "merge", merge)


@caught_by("E25-same-field")
def keeps_no_journal(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Transaction, "journal", lambda *_, **__: 1)


@caught_by("G37-internal")
def shows_our_notes_to_the_customer(patch: pytest.MonkeyPatch) -> None:
    around(
        patch,
        Builtin,
        "comment",
        lambda true, self, ref, comment, key: true(self, ref, _shown(comment), key),
    )


def _shown(comment: Comment) -> Comment:
    return dataclasses.replace(comment, visibility=Visibility.PUBLIC)


@caught_by("I50-log-once")
def tells_an_outage_each_time(patch: pytest.MonkeyPatch) -> None:
    def failed(true: Any, self: Puller, *args: Any) -> None:
        self.broken = None
        true(self, *args)

    around(patch, Puller, "_failed", failed)


@caught_by("I51-breaker")
def gives_up_at_the_first_outage(patch: pytest.MonkeyPatch) -> None:
    def settled(true: Any, self: Sender, leased: Any, outcome: Any) -> None:
        from upheld.ledger import DeliveryState

        lost = outcome.state in {DeliveryState.PENDING, DeliveryState.UNKNOWN}
        true(
            self,
            leased,
            dataclasses.replace(outcome, state=DeliveryState.DEAD) if lost else outcome,
        )

    around(patch, Sender, "_settle", settled)


@caught_by("K57-unlink")
def links_again_what_was_unlinked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Transaction, "unlinked", lambda *_: None)


@caught_by("K59-empty")
def takes_absence_for_deletion(patch: pytest.MonkeyPatch) -> None:
    def store(true: Any, self: Puller, lease: Any, page: Any, last: bool, tx: Any) -> int:
        news: int = true(self, lease, page, last, tx)
        listed = {each.ref.id for each in page.items}
        for link in tx.links_on(self.source.name) if listed else ():
            if link.remote_id not in listed:
                tx.unlink(link.subject, link.connection, reason="not listed", now=0)
        return news

    around(patch, Puller, "_store", store)


@caught_by("L61-calls")
def reads_every_item_each_time(patch: pytest.MonkeyPatch) -> None:
    def pull(true: Any, self: Builtin, cursor: str | None) -> Any:
        page = true(self, cursor)
        for item in true(self, None).items:
            self.fetch(item.ref)
        return page

    around(patch, Builtin, "pull", pull)
