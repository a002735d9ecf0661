"""What several cases have to say to one person within a short time is one message, and proof for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from tests.core.daemon.test_costs import plans
from tests.core.dispatch.bundles import (
    Keyed,
    gathering,
    go,
    paging,
    pass_seconds,
    reaching,
    told,
)
from tests.core.dispatch.conftest import emptied
from tests.core.dispatch.scene import NOW, PAT, Site, new_delivery, page
from tests.core.dispatch.test_interrupted import kill
from tests.core.dispatch.test_one_message import item
from tests.core.dispatch.test_reaching import says
from upheld.calendar.instant import MINUTE, SECOND, Instant, Span, moment
from upheld.case.decision import Cancel, Purpose
from upheld.case.events import PageAcknowledged
from upheld.desk.receipts import Receipts
from upheld.dispatch.bundle_words import as_many_as_fit
from upheld.dispatch.bundling import bundle, together, waits
from upheld.dispatch.doubt import doubted
from upheld.dispatch.templates import Written
from upheld.ledger import Delivery as LedgerDelivery
from upheld.ledger import DeliveryState, LeasedDelivery, Ledger, Told
from upheld.plugin import Delivery, Permanent, Receipt, Retry

ACCEPTED, DEAD, PENDING = DeliveryState.ACCEPTED, DeliveryState.DEAD, DeliveryState.PENDING
SPAN: Final = MINUTE


@pytest.fixture
def phones(either: Site) -> Site:
    return gathering(either)


def keys(site: Site) -> list[list[str]]:
    return [found for _at, found in told(site)]


# --- what may go together -----------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["sms", "voice", "chat"])
def test_what_rings_may_go_together(site: Site, channel: str) -> None:
    site.case(page())
    assert bundle(site.item("p"), new_delivery("phone", channel)) is not None


@pytest.mark.parametrize("channel", ["mail", "page", "tracker"])
def test_a_conversation_an_incident_and_an_item_are_their_case_s_own(
    site: Site, channel: str
) -> None:
    site.case(page())
    assert bundle(site.item("p"), new_delivery("phone", channel)) is None


def test_a_letter_of_its_own_goes_by_itself(site: Site) -> None:
    site.case(page(template="our-own"))
    assert bundle(site.item("p"), new_delivery("phone", "sms")) is None


def test_only_who_is_ours_hears_of_several_cases(phones: Site) -> None:
    """A person of a customer's must not see another customer's case, whatever a policy says."""
    for key in "pq":
        paging(phones, 1, key, "customer.technical")
    go(phones)
    assert {(each.recipient, each.bundle) for each in phones.deliveries()} == {(PAT, None)}
    assert len(phones.phone.sent) == 2


# --- how long it waits --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "wait"),
    [
        (None, 0),
        (Told(NOW), 60),
        (Told(NOW - 20 * SECOND), 40),
        (Told(NOW - 60 * SECOND), 0),
        (Told(NOW - 20 * SECOND, NOW + 30 * SECOND), 30),
        (Told(NOW - 90 * SECOND, NOW - 5 * SECOND), 0),
        (Told(NOW + 600 * SECOND), 60),
    ],
)
def test_it_waits_for_the_next_that_goes_or_until_the_last_is_so_long_ago(
    before: Told | None, wait: int
) -> None:
    assert waits(before, SPAN, NOW) == wait * SECOND


def leased(number: int, name: str | None = "bo's phone", **values: Any) -> LeasedDelivery:
    """A page of some case that may go with others of its bundle."""
    given: dict[str, Any] = dict.fromkeys(each.name for each in fields(LedgerDelivery))
    given |= {"key": f"d{number}", "bundle": name, "state": PENDING} | values
    return LeasedDelivery(LedgerDelivery(**given), item(f"i{number}", Purpose.PAGE, NOW))


def test_those_of_one_bundle_go_in_one_message_in_their_order() -> None:
    found = together([leased(1), leased(2, "other"), leased(3), leased(4, None)])
    assert [[each.key for each in group] for group in found] == [["d1", "d3"], ["d2"], ["d4"]]


def test_what_may_have_gone_out_goes_with_those_it_went_with_and_with_no_others() -> None:
    unknown = DeliveryState.UNKNOWN
    found = together(
        [
            leased(1, state=unknown),
            leased(2, state=unknown, carrier="d3"),
            leased(3, state=unknown, carrier="d3"),
            leased(4, carrier="d9"),
            leased(5),
        ]
    )
    assert [[each.key for each in group] for group in found] == [["d1"], ["d3", "d2"], ["d4", "d5"]]


# --- at sending -----------------------------------------------------------------------------------------


def test_what_is_planned_together_is_one_message_and_proof_on_each_case(phones: Site) -> None:
    cases = [paging(phones, 1, key) for key in "pqr"]
    go(phones)
    assert keys(phones) == [["p", "q", "r"]]
    (sent,) = phones.phone.sent
    assert sent.message.subject == "3 cases need you"
    assert [answer.code for answer in sent.message.answers if not answer.word.isdecimal()] == [
        ""
    ] * 3
    for case, key in zip(cases, "pqr", strict=True):
        assert [(proof.key, proof.state) for proof in phones.proofs(case)] == [
            (f"{key}>ann", "accepted")
        ]


def test_more_than_a_lease_takes_are_one_message_still(phones: Site) -> None:
    for number in range(25):
        paging(phones, 2, f"p{number}")
    reaching(phones).planner.plan()
    phones.send(limit=3)
    assert [len(found) for found in keys(phones)] == [25]


def test_one_that_is_not_wanted_any_more_is_not_in_it_though_it_was_leased(phones: Site) -> None:
    first, *_ = [paging(phones, 1, key) for key in "pqr"]
    reaching(phones).planner.plan()
    sender = phones.sender()
    taken = phones.ledger.retrying(sender.take)
    phones.decide(first, Cancel("p", "worked"))
    sender.deliver(taken)
    assert keys(phones) == [["q", "r"]]
    assert phones.state("p") is DeliveryState.DROPPED
    assert "3 cases" not in phones.phone.sent[0].message.subject


def test_where_one_alone_is_left_it_is_told_as_ever(phones: Site) -> None:
    first, _ = (paging(phones, 1, key) for key in "pq")
    reaching(phones).planner.plan()
    phones.decide(first, Cancel("p", "worked"))
    phones.send()
    (sent,) = phones.phone.sent
    assert sent.message.subject == "Sev 1 q Acme Internet"
    assert {answer.code for answer in sent.message.answers} == {"q", ""}


def test_where_none_is_left_nothing_goes(phones: Site) -> None:
    cases = [paging(phones, 1, key) for key in "pq"]
    reaching(phones).planner.plan()
    sender = phones.sender()
    taken = phones.ledger.retrying(sender.take)
    for case, key in zip(cases, "pq", strict=True):
        phones.decide(case, Cancel(key, "worked"))
    sender.deliver(taken)
    assert phones.phone.sent == []


def test_one_that_can_not_be_written_keeps_none_of_the_others(phones: Site) -> None:
    """What its case opened with was erased, say."""
    paging(phones, 2, "p")
    with phones.ledger.transaction() as tx:
        policy = phones.records.book.policy.version
        lost = tx.new_subject("case", policy=policy, now=NOW)
    phones.decide(lost, page("q"))
    paging(phones, 2, "r")
    go(phones)
    assert phones.state("q") is DEAD
    assert "was erased" in (phones.delivery("q").detail or "")
    assert [phones.state(key) for key in "pr"] == [ACCEPTED, ACCEPTED]


def test_a_busy_provider_is_tried_again_for_all_of_them_in_one_message(phones: Site) -> None:
    for key in "pqr":
        paging(phones, 1, key)
    phones.phone.fail_next(Retry("429"))
    go(phones)
    assert [phones.state(key) for key in "pqr"] == [PENDING] * 3
    phones.later()
    go(phones)
    assert keys(phones) == [["p", "q", "r"]]
    assert len(phones.phone.sent) == 1


def test_what_the_provider_refuses_is_refused_for_each_and_each_goes_on(phones: Site) -> None:
    cases = [paging(phones, 1, key) for key in "pq"]
    phones.phone.fail_next(Permanent("no such number"))
    go(phones)
    assert len(phones.phone.sent) == 1, "one call"
    for case in cases:
        assert [proof.state for proof in phones.proofs(case)] == ["failed", "accepted"]


def test_each_counts_its_own_tries(phones: Site) -> None:
    """One that has failed often gives up by itself; what came later to it does not."""
    paging(phones, 2, "p")
    phones.phone.fail_next(*[Retry("429")] * 14)
    for _ in range(13):
        go(phones)
        phones.later()
    paging(phones, 1, "q")
    go(phones)
    assert [phones.deliveries(key)[0].state for key in "pq"] == [DEAD, PENDING]


# --- the provider's word --------------------------------------------------------------------------------


def test_a_provider_s_word_on_the_message_is_its_word_on_each(phones: Site) -> None:
    cases = [paging(phones, 1, key) for key in "pqr"]
    go(phones)
    for _ in range(2):
        says(phones, "p>ann", Delivery.DELIVERED)
    for case in cases:
        assert [proof.state for proof in phones.proofs(case)] == ["accepted", "delivered"]


def test_who_acknowledges_the_message_acknowledges_each(phones: Site) -> None:
    cases = [paging(phones, 1, key) for key in "pqr"]
    go(phones)
    says(phones, "p>ann", Delivery.ACKNOWLEDGED)
    for case, key in zip(cases, "pqr", strict=True):
        assert [b.key for b in phones._bodies(case) if isinstance(b, PageAcknowledged)] == [key]
    assert {phones.state(key) for key in "pqr"} == {DeliveryState.ACKNOWLEDGED}


def test_news_of_one_that_went_in_another_s_message_is_news_of_its_own_case_alone(
    phones: Site,
) -> None:
    """It was sent by itself before, say, and the provider is late."""
    for key in "pq":
        paging(phones, 2, key)
    go(phones)
    says(phones, "q>ann", Delivery.DELIVERED)
    assert [phones.state(key) for key in "pq"] == [ACCEPTED, DeliveryState.DELIVERED]


# --- nobody knows ---------------------------------------------------------------------------------------


def test_of_two_daemons_one_has_all_of_the_message_and_the_other_has_it_after_its_death(
    phones: Site,
) -> None:
    for key in "pqr":
        paging(phones, 1, key)
    reaching(phones).planner.plan()
    first, second = phones.sender("one"), phones.another("two")
    taken = phones.ledger.retrying(first.take)
    assert second.send() == 0
    phones.expire()
    assert second.send() == 1
    first.deliver(taken)
    assert len(phones.phone.sent) == 1


def test_what_went_out_is_found_once_for_all_that_were_in_it(phones: Site) -> None:
    phones.phone = phones.connect("phone", Keyed)
    cases = [paging(phones, 1, key) for key in "pqr"]
    phones.phone.lose_reply()
    go(phones)
    assert {phones.state(key) for key in "pqr"} == {DeliveryState.UNKNOWN}
    phones.later()
    phones.send(limit=1)
    assert phones.phone.lookups == 1
    assert len(phones.phone.sent) == 1
    for case in cases:
        assert [proof.state for proof in phones.proofs(case)] == ["accepted"]


def test_what_did_not_go_out_is_sent_again_under_the_key_of_before(phones: Site) -> None:
    phones.phone = phones.connect("phone", Keyed)
    for key in "pqr":
        paging(phones, 1, key)
    reaching(phones).planner.plan()
    kill(phones, "phone", after=False)
    paging(phones, 1, "s")
    go(phones)
    assert [sent.key for sent in phones.phone.sent] == ["p>ann", "s>ann"]
    assert keys(phones) == [["p", "q", "r"], ["s"]]


def test_what_was_in_doubt_and_is_not_wanted_any_more_takes_nothing_with_it(phones: Site) -> None:
    phones.phone = phones.connect("phone", Keyed)
    first, *_ = [paging(phones, 1, key) for key in "pqr"]
    reaching(phones).planner.plan()
    kill(phones, "phone", after=False)
    phones.decide(first, Cancel("p", "worked"))
    go(phones)
    assert [sent.message.subject for sent in phones.phone.sent] == ["2 cases need you"]
    assert [phones.state(key) for key in "qr"] == [ACCEPTED, ACCEPTED]


def test_after_a_restore_each_is_looked_up_by_itself(phones: Site) -> None:
    """Which of them went in which message, the life that was lost alone knew."""
    phones.phone = phones.connect("phone", Keyed)
    for key in "pq":
        paging(phones, 1, key)
    reaching(phones).planner.plan()
    found = phones.ledger.lease("one", limit=10, seconds=60)
    assert len(together(found)) == 1
    restored = NOW + MINUTE
    assert [len(group) for group in together(doubted(each, restored) for each in found)] == [1, 1]


# --- in any order ---------------------------------------------------------------------------------------

PAGES = st.lists(
    st.tuples(
        st.integers(0, 45),  # seconds after the one before
        st.sampled_from([1, 2, 2, 2]),
        st.sampled_from(["chief", "engineer", "team"]),
    ),
    min_size=1,
    max_size=10,
)


@given(PAGES)
@example([(0, 1, "chief")] * 3)
@settings(max_examples=40, deadline=None)
def test_whatever_comes_when_all_are_told_in_time_and_in_few_messages(
    sqlite_ledger: Ledger,
    tmp_path_factory: pytest.TempPathFactory,
    pages: list[tuple[int, int, str]],
) -> None:
    site = gathering(Site(emptied(sqlite_ledger), tmp_path_factory.mktemp("any")))
    planned: dict[str, tuple[Instant, int, str]] = {}
    for number, (gap, severity, to) in enumerate(pages):
        pass_seconds(site, gap)
        planned[f"p{number}"] = (site.clock.now(), severity, to)
        paging(site, severity, f"p{number}", to)
        go(site)
    pass_seconds(site, 120)
    for person, roles in (("ann", {"chief", "team"}), ("bo", {"engineer", "team"})):
        meant = {key: each for key, each in planned.items() if each[2] in roles}
        _in_time_and_few(told(site, person), meant)


def _in_time_and_few(
    messages: list[tuple[Instant, list[str]]], meant: dict[str, tuple[Instant, int, str]]
) -> None:
    went = {key: at for at, found in messages for key in found}
    assert sorted(key for _at, found in messages for key in found) == sorted(meant), "all, once"
    for key, (at, severity, _to) in meant.items():
        assert at <= went[key] <= at + SPAN
        assert severity != 1 or went[key] == at
    for start, _found in messages:
        within = [at for at, _found in messages if start <= at < start + SPAN]
        gravest = [at for at, severity, _to in meant.values() if severity == 1]
        firsts = [at for at in gravest if start <= at < start + SPAN]  # each leaves at once
        assert len(within) <= 1 + len(firsts)


@given(st.integers(1, 60), st.integers(5, 60), st.sampled_from(["sms", "voice", "chat"]))
def test_as_many_cases_are_named_as_fit_and_one_at_least(
    count: int, length: int, channel: str
) -> None:
    def write(shown: int) -> Written:
        return Written(f"{count} cases", "x" * length * shown)

    found = as_many_as_fit(write, count, channel)
    shown = len(found.text) // length
    room = {"sms": 459, "voice": 700, "chat": 2_000}[channel] - len(found.subject) - 1
    assert shown == min(count, max(room // length, 1))


# --- what it costs ---------------------------------------------------------------------------------------


@contextmanager
def counted(site: Site) -> Iterator[list[str]]:
    """The statements that are carried out meanwhile."""
    found: list[str] = []

    def ran(_c: Any, _u: Any, sql: str, *_: Any) -> None:
        found.append(sql)

    event.listen(site.ledger._engine, "before_cursor_execute", ran)
    try:
        yield found
    finally:
        event.remove(site.ledger._engine, "before_cursor_execute", ran)


def cost(site: Site, key: str, span: Span) -> int:
    """How many statements one page by SMS takes until it is sent."""
    paging(site, 1, key)
    with counted(site) as found:
        reaching(site, span).planner.plan()
        site.send()
    return len(found)


def test_one_page_by_itself_costs_one_look_more(site: Site) -> None:
    gathering(site)
    alone = cost(site, "p", 0)
    site.clock.forward(hours=1)
    assert cost(site, "q", MINUTE) == alone + 1


def test_what_went_lately_is_asked_once_for_all_that_is_planned_together(site: Site) -> None:
    gathering(site)
    for number in range(20):
        paging(site, 1, f"p{number}", "team")
    with counted(site) as found:
        reaching(site).planner.plan()
    assert len([sql for sql in found if "max(delivery.since)" in sql]) == 1


def test_no_statement_of_it_reads_a_whole_table(site: Site) -> None:
    gathering(site)
    receipts = Receipts(site.records, site.directory)
    read = Receipt("p>ann", None, Delivery.DELIVERED, moment(NOW))
    with plans(site.ledger) as found:
        for key in "pq":
            paging(site, 2, key)
        go(site)
        paging(site, 2, "r")
        pass_seconds(site, 90)
        assert site.ledger.retrying(lambda tx: receipts.take(tx, "phone", read))
    assert found == []
