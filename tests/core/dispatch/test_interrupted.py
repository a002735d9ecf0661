"""A sending whose end nobody wrote down: looked up, repeated where that is safe or must be, shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from tests.core.dispatch.scene import (
    Far,
    Forgetful,
    Phone,
    Site,
    mail,
    page,
    reply,
    withdraw,
)
from upheld.case.decision import CreateItem, Withdrawal
from upheld.dispatch.doubt import LOOK_UPS
from upheld.dispatch.outcome import TRIES
from upheld.ledger import DeliveryState, OutboxState
from upheld.plugin import Ability, Auth, Permanent, Retry, Unknown
from upheld.seam import Live

T = TypeVar("T")
ACCEPTED, DEAD = DeliveryState.ACCEPTED, DeliveryState.DEAD
UNKNOWN = DeliveryState.UNKNOWN


class Killed(BaseException):
    """The process is gone."""


class Dying(Live):
    """The process dies with the call: before anything left it, or right after."""

    after: bool

    def call(self, what: Callable[[], T], **options: Any) -> T:
        if self.after:
            super().call(what, **options)
        raise Killed


def kill(site: Site, connection: str, *, after: bool) -> None:
    """Send, and die at the call; a new daemon finds the lease run out."""
    live = site.lives[connection]
    dying = Dying(connection, live.plugin)
    dying.after = after
    site.lives[connection] = dying
    with pytest.raises(Killed):
        site.send("killed")
    site.lives[connection] = live
    site.expire()


@pytest.mark.parametrize("after", [False, True])
def test_a_page_whose_sender_was_killed_goes_out_once(either: Site, after: bool) -> None:
    case = either.case(page())
    either.plan()
    kill(either, "pager", after=after)
    either.send("heir")
    assert either.pager.lookups == 1
    assert len(either.pager.sent) == 1
    assert either.state("p") is ACCEPTED
    assert [proof.state for proof in either.proofs(case)] == ["accepted"]
    with either.ledger.reading() as tx:
        tries = [(tried.owner, tried.state) for tried in tx.attempts("p>ann")]
    assert tries[0] == ("killed", None)
    assert len(tries) == (1 if after else 2), "what was found is not sent again"


@pytest.mark.parametrize("after", [False, True])
def test_an_item_is_created_once_and_linked_whatever_crashes(either: Site, after: bool) -> None:
    case = either.case(CreateItem("c", "jira"))
    either.plan()
    kill(either, "jira", after=after)
    either.send("heir")
    assert len(either.tracker.items) == 1
    assert len(either.links_of(case)) == 1


def test_where_nothing_can_be_found_a_repeat_with_the_same_key_is_safe(site: Site) -> None:
    class Idempotent(Far):
        abilities = Far.abilities - {Ability.FIND}

    far = site.connect("mail", Idempotent)
    site.case(mail())
    site.plan()
    kill(site, "mail", after=True)
    site.send("heir")
    assert (far.lookups, len(far.sent)) == (0, 1)
    assert site.state("m") is ACCEPTED


def test_where_a_reader_can_tell_a_repeat_it_is_said_rather_twice_than_never(site: Site) -> None:
    class Marked(Phone):
        abilities = frozenset({Ability.SAME_ID})

    far = site.connect("mail", Marked)
    site.case(mail())
    site.plan()
    kill(site, "mail", after=True)
    site.send("heir")
    keys = [sent.key.partition("#")[0] for sent in far.sent]
    assert keys == ["m>acme/pat@acme.example"] * 2
    assert site.state("m") is ACCEPTED


def test_what_wakes_people_is_repeated_rather_than_lost(site: Site) -> None:
    far = site.connect("pager", Phone)
    site.case(page())
    site.plan()
    kill(site, "pager", after=True)
    site.send("heir")
    assert len(far.sent) == 2
    assert site.state("p") is ACCEPTED


def test_any_other_is_shown_to_a_person_rather_than_said_twice(site: Site) -> None:
    far = site.connect("mail", Phone)
    case = site.case(mail())
    site.plan()
    kill(site, "mail", after=True)
    site.send("heir")
    assert len(far.sent) == 1
    assert site.state("m") is DEAD
    assert "may have gone out and may not" in str(site.delivery("m").detail)
    assert [proof.state for proof in site.proofs(case)] == ["failed"]


def test_a_lost_reply_is_found(either: Site) -> None:
    either.case(mail())
    either.mail.lose_reply()
    either.go()
    assert (either.state("m"), either.waits("m")) == (UNKNOWN, 10)
    either.later()
    either.send()
    assert either.state("m") is ACCEPTED
    assert len(either.mail.sent) == 1


# --- looking in vain --------------------------------------------------------------------------------


def test_what_is_not_found_for_certain_is_looked_for_again_and_never_sent_again(
    either: Site,
) -> None:
    far = either.connect("mail", Forgetful)
    either.case(mail("m1"), reply("m2"))
    far.fail_next(Unknown("the line broke"))
    either.go()
    for _ in range(LOOK_UPS):
        either.later()
        either.send()
    assert far.lookups == LOOK_UPS
    assert either.state("m1") is DEAD
    assert [sent.key for sent in far.sent] == [], "and the one behind it has waited"
    either.send()
    assert either.state("m2") is ACCEPTED


def test_a_look_up_that_fails_proves_nothing(site: Site) -> None:
    far = site.connect("mail", Forgetful)
    site.case(mail())
    far.fail_next(Unknown("the line broke"), Retry("busy"))
    site.go()
    site.later()
    site.send()
    assert (site.state("m"), site.waits("m")) == (UNKNOWN, 60)
    assert [line["key"] for line in site.logged("lookup_failed")] == [site.delivery("m").key]


# --- doubt ------------------------------------------------------------------------------------------


def test_doubt_stays_when_a_later_attempt_surely_failed(either: Site) -> None:
    """Else a page that may have gone out would pass for one that never did."""
    far = either.connect("pager", Phone)
    case = either.case(page())
    either.plan()
    far.fail_next(Unknown("the line broke"), Retry("busy"))
    for _ in range(2):
        either.send()
        either.later()
    assert either.state("p") is UNKNOWN
    either.decide(case, withdraw())
    either.plan()
    either.send()
    assert either.state("p") is DeliveryState.DROPPED
    assert str(either.delivery("p").detail).endswith("whether it went out before is not known")
    either.send()
    assert [sent.message.subject for sent in far.sent] == [f"Stand down: {case} Nobody can connect"]


def test_what_is_given_up_in_doubt_says_so(site: Site) -> None:
    far = site.connect("pager", Phone)
    site.case(page())
    far.fail_next(Unknown("the line broke"), Permanent("no such number"))
    site.go()
    site.later()
    site.send()
    assert site.state("p") is DEAD
    assert str(site.delivery("p").detail).splitlines() == [
        "no such number",
        "it may have gone out and may not; nobody can tell but the recipient",
    ]


def test_nobody_is_paged_without_end(site: Site) -> None:
    far = site.connect("pager", Phone)
    site.case(page())
    site.plan()
    far.lose_reply(TRIES)
    waits = []
    for _ in range(TRIES):
        site.send()
        waits.append(site.waits("p"))
        site.later()
    assert waits[:5] == [10, 10, 20, 40, 80]
    assert (site.state("p"), len(far.sent)) == (DEAD, TRIES)


def test_an_unknown_page_that_is_found_is_stood_down(site: Site) -> None:
    case = site.case(page())
    site.plan()
    kill(site, "pager", after=True)
    site.decide(case, withdraw())
    site.plan()
    site.send("heir")
    site.send("heir")
    assert site.state("p") is ACCEPTED
    assert site.pager.withdrawn == [("p>ann", Withdrawal.CLOSED)]


def test_a_withdrawal_whose_sender_was_killed_is_repeated(site: Site) -> None:
    case = site.case(page())
    site.go()
    site.decide(case, withdraw())
    site.plan()
    kill(site, "pager", after=True)
    site.send("heir")
    assert site.pager.withdrawn == [("p>ann", Withdrawal.CLOSED)] * 2
    assert site.item(withdraw().key).state is OutboxState.DONE


def test_a_daemon_killed_before_its_attempt_leaves_nothing_to_look_up(site: Site) -> None:
    site.case(page())
    site.plan()
    site.leased()
    site.expire()
    site.send("heir")
    assert (site.pager.lookups, len(site.pager.sent)) == (0, 1)


def test_doubt_outlives_refused_credentials(site: Site) -> None:
    far = site.connect("pager", Phone)
    site.case(page())
    far.fail_next(Unknown("the line broke"), Auth("wrong key"))
    site.go()
    site.later()
    site.send()
    assert (site.state("p"), site.lives["pager"].stopped) == (UNKNOWN, "wrong key")
