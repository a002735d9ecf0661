"""On until somebody is reached: the next way, the next person, and what stops it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Final

import pytest

from tests.core.dispatch.scene import LIVE, PAT, Far, Phone, Site, mail, page, send, withdraw
from upheld.calendar.instant import MINUTE, SECOND, moment
from upheld.case.decision import Purpose, Withdrawal
from upheld.case.events import Actor, Event, FailedOver, PageAcknowledged, Side, Worked
from upheld.daemon.findings import unlooked
from upheld.desk.receipts import Receipts
from upheld.directory import Directory
from upheld.directory.build import Written, build_directory
from upheld.directory.written import PersonEntry, RotationEntry
from upheld.dispatch.failover import Attempt, Patience
from upheld.dispatch.planner import Planner
from upheld.dispatch.reaching import Reaching
from upheld.dispatch.routes import Mode, SafetyCatch, Way, Ways
from upheld.ledger import DeliveryState, Ledger, OutboxItem, OutboxState, Transaction
from upheld.plugin import Ability, Channel, Delivery, Permanent, Receipt, Retry
from upheld.plugin import Actor as Remote

PAGER: Final = Way(Channel.PAGE, "pager")
SMS: Final = Way(Channel.SMS, "phone")
VOICE: Final = Way(Channel.VOICE, "phone")
MAIL: Final = Way(Channel.MAIL, "mail")
WAYS: Final = Ways(page=(PAGER, SMS, VOICE), notify=(MAIL, SMS), customer=(MAIL,))
ACKNOWLEDGED: Final = DeliveryState.ACKNOWLEDGED


class Telling(Far):
    """It tells what became of a page."""

    abilities: ClassVar[frozenset[Ability]] = Far.abilities | {Ability.RECEIPTS}


class TellingPhone(Phone):
    """It tells what became of a message or a call."""

    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.RECEIPTS})


@pytest.fixture
def told(either: Site) -> Site:
    """Far ends that tell what became of a sending, on either database."""
    either.pager = either.connect("pager", Telling)
    either.phone = either.connect("phone", TellingPhone)
    return either


def reaching(site: Site, then: str | None = None, *, catch: SafetyCatch = LIVE) -> Reaching:
    planner = Planner(site.records, site.directory, WAYS, catch, site.lives, site.log)
    return Reaching(planner, Patience(), then)


def go(site: Site, then: str | None = None, *, minutes: int = 0, catch: SafetyCatch = LIVE) -> None:
    """Minutes pass; then plan, send and look until nothing is left to do, as the daemon does."""
    site.clock.forward(minutes=minutes)
    all_of_it = reaching(site, then, catch=catch)
    while all_of_it.planner.plan() + site.send() + all_of_it.look():
        pass


def says(site: Site, key: str, state: Delivery, detail: str = "") -> None:
    """A provider tells what became of a sending."""
    found = next(each for each in site.deliveries() if each.key == key)
    receipt = Receipt(key, None, state, moment(site.clock.now()), detail=detail)
    receipts = Receipts(site.records, site.directory)
    site.ledger.retrying(lambda tx: receipts.take(tx, found.connection, receipt))


def ways(site: Site, item: str = "p") -> list[tuple[str, str]]:
    """To whom it was sent over what, in order."""
    return [(each.recipient, each.channel) for each in site.deliveries(item)]


def proofs(site: Site, case: str) -> list[tuple[str, str, str]]:
    return [
        (body.why, body.to_person, body.to_channel)
        for body in site._bodies(case)
        if isinstance(body, FailedOver)
    ]


def test_a_page_that_is_accepted_and_reaches_nobody_goes_on_in_its_time(told: Site) -> None:
    case = told.case(page())
    go(told)
    go(told, minutes=1)
    assert ways(told) == [("ann", "page")]
    go(told, minutes=1)
    assert ways(told) == [("ann", "page"), ("ann", "sms")]
    assert proofs(told, case) == [("not delivered within 2 min", "ann", "sms")]
    assert [sent.to.value for sent in told.phone.sent] == ["+12025550101"]


def test_a_delivered_page_that_nobody_acknowledges_goes_on_as_well(told: Site) -> None:
    case = told.case(page())
    go(told)
    says(told, "p>ann", Delivery.DELIVERED)
    go(told, minutes=4)
    assert ways(told) == [("ann", "page")]
    go(told, minutes=1)
    assert proofs(told, case) == [("not acknowledged within 5 min", "ann", "sms")]


def test_undelivered_sms_then_voice_then_whoever_comes_then(told: Site) -> None:
    told.pager.fail_next(Permanent("no such routing key"))
    case = told.case(page())
    go(told, "operator")
    assert ways(told) == [("ann", "page"), ("ann", "sms")]
    says(told, "p>ann/phone.sms", Delivery.FAILED, "undelivered: unknown handset")
    go(told, "operator")
    assert ways(told)[2:] == [("ann", "voice")]
    says(told, "p>ann/phone.voice", Delivery.FAILED, "no-answer")
    go(told, "operator")
    assert ways(told)[3:] == [("cy", "page")]
    assert [why for why, _, _ in proofs(told, case)] == [
        "failed: no such routing key",
        "failed: undelivered: unknown handset",
        "failed: no-answer",
    ]


def test_next_on_duty_comes_in_the_order_of_turns(told: Site) -> None:
    told.case(page("p", "on-duty"))
    go(told, "next on duty")
    first, other = ways(told)[0][0], {"ann": "bo", "bo": "ann"}[ways(told)[0][0]]
    for _ in range(3):
        go(told, "next on duty", minutes=2)
    reached = list(dict.fromkeys(person for person, _ in ways(told)))
    assert reached[:2] == [first, other]


def keep_elsewhere(site: Site) -> None:
    """The chief is whoever a schedule names that the provider keeps."""
    kept = RotationEntry.model_validate({"held_by": {"scripted-notifier": "schedule:ops"}})
    people = {"cy": PersonEntry.model_validate({"name": "Cy Mora"})}
    roles = {"chief": ("there",), "operator": ("cy",)}
    site.directory = build_directory(Written(people, roles, {"there": kept}, ()))


def test_next_on_duty_of_a_schedule_that_a_provider_keeps_is_asked_for_there(
    told: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_elsewhere(told)
    next_of = {"schedule:ops": "next:ops"}
    monkeypatch.setattr(Telling, "following", lambda _self, address: next_of.get(address))
    case = told.case(page())
    go(told, "next on duty")
    go(told, "next on duty", minutes=2)
    sent = [(each.recipient, each.address) for each in told.deliveries("p")]
    assert sent[0] == ("there", "schedule:ops")
    assert ("there+1", "next:ops") in sent
    assert proofs(told, case)[-1][1] in {"there", "there+1"}


def test_a_plugin_that_names_nobody_in_time_holds_up_no_page(
    told: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says of its schedule is a name; one that asks somebody for it and hangs is left out."""
    keep_elsewhere(told)
    never, asked = threading.Event(), list[str]()

    def hang(_self: object, address: str) -> None:
        asked.append(address)
        never.wait()

    monkeypatch.setattr(Telling, "following", hang)
    monkeypatch.setattr("upheld.dispatch.reaching._NAMED", SECOND // 50)
    case = told.case(page())
    go(told, "next on duty")
    for _ in range(4):
        reaching(told, "next on duty")._following(told.lives["pager"], "schedule:ops")
    go(told, "next on duty", minutes=2)
    never.set()
    assert len(asked) == 3, "it is counted as hung, and asked no more: each has a thread for good"
    assert told.lives["pager"].tripped == "3 calls hang"
    assert proofs(told, case)


def test_what_a_plugin_says_when_it_names_nobody_is_logged_without_its_secrets(
    told: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: object, _address: str) -> None:
        raise Permanent("https://pager.example/?key=hunter2 is not there")

    monkeypatch.setattr(Telling, "following", refuse)
    monkeypatch.setattr(told.lives["pager"], "_secrets", ["hunter2"])
    assert reaching(told)._following(told.lives["pager"], "schedule:ops") is None
    (line,) = told.logged("not_named")
    assert line["error"] == "https://pager.example/?key=… is not there"


def test_an_acknowledgement_stops_it(told: Site) -> None:
    case = told.case(page())
    go(told)
    says(told, "p>ann", Delivery.ACKNOWLEDGED)
    go(told, "operator", minutes=29)
    assert (ways(told), proofs(told, case)) == ([("ann", "page")], [])
    assert any(isinstance(body, PageAcknowledged) for body in told._bodies(case))


def test_an_acknowledgement_of_the_case_stops_each_page_that_was_out(told: Site) -> None:
    """As `upheld cases ack` says it, or `#ack` at a tracker: of no page by name."""
    case = told.case(page("p"), page("q", "engineer"))
    go(told)
    told.clock.forward(minutes=1)
    told.fact(case, PageAcknowledged())
    go(told, "operator", minutes=10)
    assert (ways(told, "p"), ways(told, "q")) == ([("ann", "page")], [("bo", "page")])
    told.decide(case, page("later"))
    go(told)
    go(told, "operator", minutes=2)
    assert ways(told, "later") == [("ann", "page"), ("ann", "sms")], "it was not out by then"


def test_a_page_that_a_person_dropped_is_looked_at_like_any_other(told: Site) -> None:
    case = told.case(page("p"), page("q", "engineer"))
    told.plan(ways=WAYS)
    told.ledger.retrying(lambda tx: tx.drop(["q"], reason="no need", actor="ann"))
    told.fact(case, PageAcknowledged())
    go(told)
    go(told, minutes=2)
    assert told.logged("message_not_looked_at") == []
    assert ways(told, "p") == [("ann", "page")]


def test_a_page_that_was_held_when_somebody_acknowledged_rings_once_it_is_let_go(
    told: Site,
) -> None:
    case = told.case(page("p"))
    go(told)
    told.decide(case, page("held", "engineer"))
    told.ledger.retrying(lambda tx: tx.settle("held", OutboxState.HELD, "the brake is on"))
    told.clock.forward(minutes=1)
    told.fact(case, PageAcknowledged())
    told.clock.forward(minutes=1)
    told.ledger.retrying(lambda tx: tx.release(actor="cy"))
    go(told)
    go(told, "operator", minutes=2)
    assert ways(told, "held") == [("bo", "page"), ("cy", "page")]
    assert ways(told, "p") == [("ann", "page")]


def test_it_is_the_page_that_reached_whoever_acknowledged_which_reminds(told: Site) -> None:
    case = told.case(page("p"), page("q", "engineer"))
    go(told)
    told.fact(case, PageAcknowledged())  # bo's
    go(told, "operator", minutes=30)
    assert ways(told, "q") == [("bo", "page"), ("bo", "page")]
    assert proofs(told, case) == [("acknowledged, and not worked since", "bo", "page")]
    for _ in range(7):
        go(told, "operator", minutes=5)
    assert ways(told, "p") == [("ann", "page")]
    reached = list(dict.fromkeys(person for person, _ in ways(told, "q")))
    assert reached == ["bo", "ann", "cy"], "who was paged beside bo, and then whoever comes then"


def test_a_page_for_which_nobody_was_left_goes_on_once_its_acknowledgement_has_expired(
    told: Site,
) -> None:
    case = told.case(page("p", "operator"))
    go(told)
    go(told, minutes=2)
    assert told.ledger.next_wake() is None
    told.fact(case, PageAcknowledged())
    go(told)
    assert told.ledger.next_wake() == told.clock.now() + 30 * MINUTE
    go(told, minutes=30)
    assert ways(told) == [("cy", "page"), ("cy", "page")]


def test_a_contact_of_the_customers_has_nothing_in_hand(told: Site) -> None:
    case = told.case(page())
    go(told)
    event = Event(
        "x", told.clock.now(), told.clock.now(), Actor(PAT, Side.CUSTOMER), PageAcknowledged()
    )
    told.ledger.retrying(lambda tx: told.records.add(tx, case, event))
    go(told, minutes=2)
    assert ways(told) == [("ann", "page"), ("ann", "sms")]
    assert [each for each in told.deliveries() if each.purpose == "withdraw"] == []


def test_a_contact_who_was_paged_first_is_not_reminded_of_what_ours_have(told: Site) -> None:
    case = told.case(page("p", "customer.contact", "chief"))
    go(told)
    told.fact(case, PageAcknowledged())  # by Bo, who was not paged
    before = ways(told)
    go(told, minutes=30)
    assert before[0][0] == PAT
    assert ways(told)[len(before) :] == [("ann", "page")]


def test_a_stopped_connection_is_not_waited_for(told: Site) -> None:
    """Its credentials are refused: a page over it would wait for whoever mends them."""
    told.lives["pager"].stop("401")
    case = told.case(page())
    go(told)
    assert ways(told) == [("ann", "page"), ("ann", "sms")]
    assert proofs(told, case) == [("pager is stopped", "ann", "sms")]


def test_whoever_acknowledged_and_has_left_since_keeps_it_from_nobody(told: Site) -> None:
    case = told.case(page())
    go(told)
    says(told, "p>ann", Delivery.ACKNOWLEDGED)
    people = {"bo": told.directory.people["bo"], "cy": told.directory.people["cy"]}
    roles = {"chief": ("bo",), "operator": ("cy",)}
    told.directory = Directory(people.values(), told.directory.customers.values(), roles)
    go(told, "operator", minutes=30)
    assert ways(told) == [("ann", "page"), ("cy", "page")]
    assert told.logged("message_not_looked_at") == []
    assert proofs(told, case) == [("acknowledged, and not worked since", "cy", "page")]


def test_whoever_resolves_a_page_at_its_provider_has_answered_it(told: Site) -> None:
    case = told.case(page())
    go(told)
    receipts, at = Receipts(told.records, told.directory), moment(told.clock.now())
    by_itself = Receipt("p>ann", None, Delivery.RESOLVED, at)
    told.ledger.retrying(lambda tx: receipts.take(tx, "pager", by_itself))
    go(told, minutes=2)
    assert ways(told) == [("ann", "page"), ("ann", "sms")], "a timeout there is nobody's answer"
    by_ann = Receipt("p>ann", None, Delivery.RESOLVED, moment(told.clock.now()), Remote("ann"))
    told.ledger.retrying(lambda tx: receipts.take(tx, "pager", by_ann))
    go(told, "operator", minutes=29)
    assert ways(told) == [("ann", "page"), ("ann", "sms")]
    assert any(isinstance(body, PageAcknowledged) for body in told._bodies(case))


def test_a_contact_who_answers_their_own_page_keeps_ours_ringing(told: Site) -> None:
    case = told.case(page("p", "chief", "customer.contact"))
    go(told)
    (theirs,) = (each.key for each in told.deliveries("p") if each.recipient == PAT)
    says(told, theirs, Delivery.ACKNOWLEDGED)
    go(told, minutes=2)
    assert [who for who, _ in ways(told)] == ["ann", PAT, "ann"]
    assert [each for each in told.deliveries() if each.purpose == "withdraw"] == []
    subject = told.records.read(lambda tx: tx.subject(case))
    said = [each.actor for each in subject.facts if isinstance(each.body, PageAcknowledged)]
    assert said == [Actor(PAT, Side.CUSTOMER)]
    assert told.records.life(subject).state.acknowledged_at is None


def test_what_was_acknowledged_long_before_we_heard_of_it_has_expired(told: Site) -> None:
    """A webhook that came days late must not keep anybody asleep."""
    case = told.case(page())
    go(told)
    at, receipts = moment(told.clock.now()), Receipts(told.records, told.directory)
    told.clock.forward(minutes=31)
    late = Receipt("p>ann", None, Delivery.ACKNOWLEDGED, at)
    told.ledger.retrying(lambda tx: receipts.take(tx, "pager", late))
    go(told)
    assert ("acknowledged, and not worked since", "ann", "page") in proofs(told, case)


def test_an_acknowledgement_that_nobody_follows_up_expires(told: Site) -> None:
    case = told.case(page())
    go(told)
    says(told, "p>ann", Delivery.ACKNOWLEDGED)
    go(told, minutes=30)
    assert told.deliveries("p")[-1].key == "p>ann/pager.page#2"
    assert proofs(told, case) == [("acknowledged, and not worked since", "ann", "page")]
    go(told, minutes=2)
    assert ways(told)[2:] == [("ann", "sms")]


def test_an_acknowledgement_does_not_expire_where_the_tracker_shows_work(told: Site) -> None:
    case = told.case(page())
    go(told)
    says(told, "p>ann", Delivery.ACKNOWLEDGED)
    told.fact(case, Worked())
    go(told, minutes=99)
    assert ways(told) == [("ann", "page")]


@pytest.mark.parametrize("why", list(Withdrawal))
def test_work_and_the_end_of_the_case_stop_it(told: Site, why: Withdrawal) -> None:
    case = told.case(page())
    go(told)
    told.decide(case, withdraw(why))
    go(told, minutes=60)
    assert ways(told) == [("ann", "page")]


def test_all_who_were_paged_are_stood_down_over_each_way(told: Site) -> None:
    case = told.case(page())
    go(told, "operator")
    for _ in range(3):
        go(told, "operator", minutes=2)
    told.decide(case, withdraw())
    go(told)
    stood_down = {d.key.split(">", 1)[1] for d in told.deliveries() if d.purpose == "withdraw"}
    assert {"p>ann", "p>cy/pager.page"} <= stood_down
    down = [(d.recipient, d.channel) for d in told.deliveries() if d.purpose == "withdraw"]
    # In words, where there is no page to take back; and written, where both reached her.
    assert ("ann", "sms") in down
    assert ("ann", "voice") not in down


def test_where_nobody_is_left_the_case_tells(told: Site) -> None:
    case = told.case(page("p", "operator"))
    go(told)
    go(told, minutes=2)
    assert proofs(told, case) == [("not delivered within 2 min", "", "")]
    assert [each["why"] for each in told.logged("unanswered")] == ["not delivered within 2 min"]


def test_a_pager_that_can_not_be_reached_is_not_waited_for(told: Site) -> None:
    told.pager.fail_next(*[Retry("503")] * 9)
    told.case(page())
    go(told)
    assert ways(told) == [("ann", "page")]
    go(told, minutes=2)
    assert ways(told) == [("ann", "page"), ("ann", "sms")]
    assert [sent.to.value for sent in told.phone.sent] == ["+12025550101"]


def test_the_time_of_a_page_counts_from_its_going_out(told: Site) -> None:
    """It was decided while nothing ran: whoever is paged late has their time all the same."""
    told.case(page())
    all_of_it = reaching(told)
    all_of_it.planner.plan()
    told.clock.forward(minutes=180)
    go(told)
    assert ways(told) == [("ann", "page")]
    go(told, minutes=2)
    assert ways(told) == [("ann", "page"), ("ann", "sms")]


def test_a_mail_that_bounces_goes_on_at_once_and_one_that_is_read_late_does_not(
    told: Site,
) -> None:
    told.case(send("n", Purpose.NOTIFY, "chief"))
    go(told, minutes=0)
    go(told, "operator", minutes=600)
    assert ways(told, "n") == [("ann", "mail")]
    says(told, "n>ann", Delivery.FAILED, "550 no such user")
    go(told, "operator")
    assert ways(told, "n") == [("ann", "mail"), ("ann", "sms")]
    says(told, "n>ann/phone.sms", Delivery.FAILED)
    go(told, "operator", minutes=600)
    assert ways(told, "n") == [("ann", "mail"), ("ann", "sms")]


def test_what_customers_are_told_goes_nowhere_else(told: Site) -> None:
    told.mail.fail_next(Permanent("550"))
    told.case(mail())
    go(told, "operator", minutes=9)
    assert [d.recipient for d in told.deliveries("m")] == [PAT]


def test_nothing_goes_on_while_everything_is_stopped(told: Site) -> None:
    told.case(page())
    go(told)
    told.ledger.stop("maintenance", "ann", told.clock.now())
    assert told.ledger.next_wake() is None
    go(told, minutes=60)
    assert ways(told) == [("ann", "page")]
    told.ledger.resume("ann", told.clock.now())
    go(told)
    assert ways(told) == [("ann", "page"), ("ann", "sms")]


def test_what_cannot_be_looked_at_is_told_and_tried_again_in_a_minute(
    told: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.case(page())
    told.case(page("q", "team"))
    go(told)
    real, all_of_it = Reaching._attempts, reaching(told)

    def broken(self: Reaching, tx: Transaction, item: OutboxItem) -> tuple[Attempt, ...]:
        if item.key == "p":
            raise RuntimeError("no such channel")
        return real(self, tx, item)

    told.clock.forward(minutes=2)
    with monkeypatch.context() as patch:
        patch.setattr(Reaching, "_attempts", broken)
        assert (all_of_it.look(), all_of_it.look()) == (1, 0)
    line = {"key": "p", "error": "RuntimeError: no such channel"}
    assert told.logged("message_not_looked_at") == [line]
    (found,) = unlooked(all_of_it)
    assert (found.subject, found.overdue) == ("outbox", True)
    assert found.what.startswith(
        "1 message can't go on to whoever comes next, p first: RuntimeError"
    )
    told.clock.forward(minutes=1)
    assert all_of_it.look() == 1
    assert ways(told) == [("ann", "page"), ("ann", "sms")]
    assert list(unlooked(all_of_it)) == []


def test_what_cannot_be_looked_at_and_is_taken_back_is_told_no_more(
    told: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise RuntimeError("no such channel")

    case, all_of_it = told.case(page()), reaching(told)
    told.plan()
    with monkeypatch.context() as patch:
        patch.setattr(Reaching, "_attempts", broken)
        all_of_it.look()
    assert [each.family for each in unlooked(all_of_it)] == ["reaching"]
    told.decide(case, withdraw())
    told.clock.forward(minutes=3)
    assert all_of_it.look() == 0
    assert list(unlooked(all_of_it)) == []


def test_what_may_not_leave_is_no_next_way(told: Site) -> None:
    only_the_pager = replace(LIVE, live_for=frozenset({"pager"}))
    case = told.case(page())
    go(told, catch=only_the_pager)
    go(told, minutes=2, catch=only_the_pager)
    assert ways(told) == [("ann", "page")]
    assert proofs(told, case) == [("not delivered within 2 min", "", "")]


def test_in_redirect_all_of_it_goes_to_the_one_person(told: Site) -> None:
    (bo,) = told.directory.resolve("bo", at=told.clock.now())
    catch = SafetyCatch(Mode.REDIRECT, bo)
    told.case(page())
    for minutes in (0, 2, 2, 2):
        go(told, minutes=minutes, catch=catch)
    assert {each.address for each in told.deliveries("p")} == {"bo"}


def test_two_daemons_look_and_it_goes_on_once(told: Site) -> None:
    told.case(page())
    go(told)
    told.clock.forward(minutes=2)
    looks = [reaching(told).look() for _ in range(2)]
    assert (looks, len(ways(told))) == ([1, 0], 2)


def test_one_that_can_not_be_looked_at_keeps_no_others(
    told: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.case(page())
    told.case(page("q"))
    go(told)
    told.clock.forward(minutes=2)
    looks: Callable[..., bool] = Reaching._look

    def odd(self: Reaching, key: str, *rest: object) -> bool:
        if key == "p":
            raise ZeroDivisionError
        return looks(self, key, *rest)

    monkeypatch.setattr(Reaching, "_look", odd)
    assert reaching(told).look() == 1
    assert len(ways(told, "q")) == 2
    assert told.logged("message_not_looked_at")


def test_what_follows_goes_out_after_the_first_page_of_another_case(told: Site) -> None:
    told.case(page())
    go(told)
    told.clock.forward(minutes=2)
    all_of_it = reaching(told)
    all_of_it.look()
    told.case(page("q"))
    all_of_it.planner.plan()
    leased = told.ledger.lease("one", limit=10, seconds=60)
    assert [each.item.key for each in leased] == ["q", "p"]


def test_a_look_that_is_killed_before_its_commit_has_done_nothing(
    told: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = told.case(page())
    go(told)
    told.clock.forward(minutes=2)

    class Killed(BaseException):
        pass

    def killed(*_args: object, **_values: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Reaching, "_prove", killed)
        with pytest.raises(Killed):
            reaching(told).look()
    assert (len(ways(told)), proofs(told, case)) == (1, [])
    go(told)
    assert (len(ways(told)), len(proofs(told, case))) == (2, 1)


def test_what_follows_is_not_late_from_the_start(told: Site) -> None:
    told.case(page())
    go(told)
    told.clock.forward(minutes=2)
    reaching(told).look()
    now = told.clock.now()
    with told.ledger.reading() as tx:
        assert len(ways(told)) == 2
        assert tx.backlog(waking=now - MINUTE, others=now - 10 * MINUTE) == []
        assert tx.backlog(waking=now, others=now - 10 * MINUTE) != []


def test_the_next_look_is_known_to_whoever_steps_the_clock(told: Site) -> None:
    told.case(page())
    go(told)
    ledger: Ledger = told.ledger
    assert ledger.next_wake() == told.clock.now() + 2 * MINUTE


def test_a_person_is_reached_in_the_order_of_their_own(told: Site) -> None:
    own = {"ann": replace(WAYS, page=(VOICE, PAGER))}
    site_planner = reaching(told).planner
    all_of_it = Reaching(replace(site_planner, own_ways=own), Patience())
    told.case(page("p", "team"))
    for _ in range(2):
        while all_of_it.planner.plan() + told.send() + all_of_it.look():
            pass
        told.clock.forward(minutes=5)
    assert [channel for person, channel in ways(told) if person == "ann"] == ["voice", "page"]
    assert [channel for person, channel in ways(told) if person == "bo"] == ["page"]
