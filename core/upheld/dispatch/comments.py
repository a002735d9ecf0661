"""Comments for our own people on a case's items: where each goes, and how it is written and found.

Never where it can't be hidden from the customer: then it stands in the case's history alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from upheld.case.decision import Subject
from upheld.case.events import Linked
from upheld.case.opening import opening
from upheld.dispatch.routes import TRACKER
from upheld.ledger import Link, NewDelivery, OutboxItem, Transaction
from upheld.plugin import Ability, Actor, Comment, Permanent, Ref, Retry, Side, Tracker, Visibility
from upheld.seam import Live
from upheld.sync.trackers import ref_of

NOWHERE: Final = "no tracker of the case can hide a comment from the customer"


def commented(
    tx: Transaction, item: OutboxItem, subject: Subject, lives: Mapping[str, Live]
) -> tuple[NewDelivery, ...]:
    """One delivery an item of the case, or on the one connection that it is for; behind the item's
    creation, where that is still to come."""
    opened = opening(subject.facts)
    expected = (opened.create_on,) if opened and opened.create_on else ()
    everywhere = dict.fromkeys((*(link.connection for link in tx.links(item.subject)), *expected))
    return tuple(
        NewDelivery(
            f"{item.key}>{name}", name, TRACKER, name, "", lane=f"{item.subject}|{name}|create"
        )
        for name in ((item.connection,) if item.connection else everywhere)
        if name in lives and lives[name].can(Ability.INTERNAL_COMMENTS)
    )


def expected(subject: Subject) -> tuple[str, ...]:
    """The connection where an item of the case is still to be created."""
    opened = opening(subject.facts)
    name = opened.create_on if opened else None
    bodies = (fact.body for fact in subject.facts)
    there = any(isinstance(body, Linked) and body.connection == name for body in bodies)
    return () if name is None or there else (name,)


def writing(
    plugin: Tracker[Any],
    link: Link | None,
    text: str,
    key: str,
    visibility: Visibility = Visibility.INTERNAL,
) -> Callable[[], Visibility]:
    """The call that writes it; ``Retry`` while the item is not there yet."""
    if link is None:
        raise Retry("the item is not there yet", "nothing to do: it is tried again")
    by = Actor(plugin.context.name, side=Side.UPHELD)
    comment = Comment("", text, visibility, by, plugin.context.now(), key=key)
    return lambda: _written(plugin, ref_of(link), comment, key)


def _written(plugin: Tracker[Any], ref: Ref, comment: Comment, key: str) -> Visibility:
    stored = plugin.comment(ref, comment, key)
    if comment.visibility is Visibility.INTERNAL and stored.visibility is Visibility.PUBLIC:
        raise Permanent(
            f"{ref.key}: an internal comment was stored for everybody to read",
            "remove it there, and look at the connection's settings",
        )
    return stored.visibility


def there(plugin: Tracker[Any], link: Link, key: str) -> bool:
    """Whether the item has this comment already: of an unknown, before it is written again."""
    item = plugin.fetch(ref_of(link))
    return any(comment.key == key for comment in item.comments or ())
