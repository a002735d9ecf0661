"""A connection that hangs holds up what is for itself, and nothing else."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.core.daemon.scene import House, house, until
from tests.core.desk.scene import ANN, PAT, RAY, Desk, message
from upheld.calendar.instant import MINUTE
from upheld.daemon import auditor, couriers, loops
from upheld.daemon.assembly import build_daemon
from upheld.daemon.couriers import Couriers
from upheld.daemon.pulse import READER
from upheld.dispatch.routes import Way, Ways
from upheld.dispatch.sender import Sender
from upheld.dispatch.taken import Results, Taken
from upheld.errors import Busy
from upheld.ledger import Delivery, DeliveryState, LeasedDelivery
from upheld.plugin import Address, Channel, Outgoing, Receipt
from upheld.testing import ScriptedNotifier


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of the loops as short as a test wants them."""
    monkeypatch.setattr(loops, "_LOOK", 0.02)
    monkeypatch.setattr(loops, "_POLL", 0.02)
    monkeypatch.setattr(couriers, "_IDLE", 0.02)


class Gate:
    """A far end that takes what comes once it is let; ``came`` has the keys that knocked."""

    def __init__(self, plugin: ScriptedNotifier, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open, self.came = threading.Event(), list[str]()
        self._send = plugin.send
        monkeypatch.setattr(plugin, "send", self._sent)

    def _sent(self, given: Outgoing, to: Address, key: str) -> Receipt:
        self.came.append(key)
        self.open.wait(20)
        return self._send(given, to, key)


@pytest.fixture
def mute(home_on_both: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """The mail server takes the line and says nothing, until it is let."""
    gate = Gate(home_on_both.mail, monkeypatch)
    yield gate
    gate.open.set()


def deliveries(desk: Desk) -> list[Delivery]:
    with desk.ledger.reading() as tx:
        return tx.deliveries()


# --- the far end that hangs -------------------------------------------------------------------------


def test_a_page_goes_out_while_the_mail_server_hangs(home_on_both: House, mute: Gate) -> None:
    home_on_both.mail.say(*(message(f"pat{n}@acme.example", f"Slow {n}") for n in range(10)))
    with home_on_both.running():
        until(lambda: mute.came)
        home_on_both.desk.verbs.triage("C1", ANN, 1, number="1042")
        until(lambda: any("C1/" in page.key for page in home_on_both.pager.sent))
        assert (home_on_both.mail.sent, len(mute.came)) == ([], 1), "the first letter is on its way"
        mute.open.set()


def test_nothing_is_leased_for_a_connection_that_is_out(home_on_both: House, mute: Gate) -> None:
    """What waits is nobody's: another daemon may take it, and no lease runs out meanwhile."""
    home_on_both.mail.say(*(message(f"pat{n}@acme.example", f"Slow {n}") for n in range(5)))
    with home_on_both.running():
        until(lambda: len(home_on_both.desk.cases()) == 5)
        until(lambda: len(deliveries(home_on_both.desk)) >= 5)
        until(lambda: mute.came)
        mails = [each for each in deliveries(home_on_both.desk) if each.connection == "mailbox"]
        held = [each.key for each in mails if each.owner is not None]
        mute.open.set()
    assert held == mute.came[:1]


def test_the_most_urgent_goes_first_over_a_connection_that_was_busy(
    desk_on_both: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages by mail: one that is decided while letters wait is the next to go."""
    mail = (Way(Channel.MAIL, "mailbox"),)
    home = house(desk_on_both, tmp_path, Ways(page=mail, notify=mail, customer=mail))
    gate = Gate(home.mail, monkeypatch)
    home.mail.say(*(message(f"pat{n}@acme.example", f"Slow {n}") for n in range(4)))
    with home.running():
        until(lambda: gate.came)
        desk_on_both.verbs.triage("C3", ANN, 1, number="1042")
        until(lambda: any("/page/" in each.key for each in deliveries(desk_on_both)))
        gate.open.set()
        until(lambda: all(each.state not in _WAIT for each in deliveries(desk_on_both)))
    rank = {each.key: (each.urgency, each.number) for each in deliveries(desk_on_both)}
    rest = [rank[key] for key in gate.came[1:]]
    assert rest == sorted(rest)
    assert "/page/" in gate.came[1]


_WAIT = (DeliveryState.PENDING, DeliveryState.ATTEMPTING)


def test_letters_of_one_lane_stay_in_their_order(home_on_both: House, mute: Gate) -> None:
    """Acknowledgement, number, status: what Pat gets of the case comes as it was said."""
    home_on_both.mail.say(message(PAT, "Nobody can connect"))
    with home_on_both.running():
        until(lambda: mute.came)
        home_on_both.desk.verbs.triage("C1", ANN, 1, number="1042")
        until(lambda: len(deliveries(home_on_both.desk)) > 3)
        mute.open.set()
        until(lambda: all(each.state not in _WAIT for each in deliveries(home_on_both.desk)))
    lanes: dict[str | None, list[int]] = {}
    found = {each.key: each for each in deliveries(home_on_both.desk)}
    for key in mute.came:
        lanes.setdefault(found[key].lane, []).append(found[key].number)
    assert any(len(numbers) > 1 for numbers in lanes.values())
    assert all(numbers == sorted(numbers) for numbers in lanes.values())


# --- stopping, failing, standing still --------------------------------------------------------------


def test_a_stop_finishes_what_is_on_its_way_over_each_connection_and_begins_nothing(
    home_on_both: House, mute: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    pager = Gate(home_on_both.pager, monkeypatch)
    home_on_both.mail.say(message(PAT, "Nobody can connect"), message(RAY, "Slow"))
    with home_on_both.running():
        until(lambda: mute.came and pager.came)
        home_on_both.daemon.stop()
        assert not home_on_both.mail.closed
        pager.open.set()
        mute.open.set()
    on_its_way = {*mute.came[:1], *pager.came[:1]}
    state = {each.key: each.state for each in deliveries(home_on_both.desk)}
    assert {key for key in state if state[key] is DeliveryState.ACCEPTED} == on_its_way
    assert {state[key] for key in state.keys() - on_its_way} <= {DeliveryState.PENDING}
    assert home_on_both.mail.closed


def test_what_goes_wrong_with_one_courier_is_its_own(
    home_on_both: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, fails = Sender._settle, [True]

    def failing(self: Sender, results: Results) -> None:
        if results[0][0].delivery.connection == "mailbox" and fails:
            fails.pop()
            raise Busy("locked")
        settle(self, results)

    monkeypatch.setattr(Sender, "_settle", failing)
    home_on_both.mail.say(message(PAT, "Nobody can connect"), message(RAY, "Slow"))
    with home_on_both.running():
        until(lambda: not fails)
        until(lambda: len(home_on_both.mail.sent) == 2 and home_on_both.pager.sent)
        until(lambda: home_on_both.lines("loop_back"))
    (told,) = home_on_both.lines("loop_failed")
    assert told == {"loop": "send-mailbox", "error": "Busy: locked"}


_OUR_LOOPS = {"sweep", "dispatch", "send-mailbox", "send-pager"}


def test_a_courier_that_does_not_come_back_is_found(
    home_on_both: House, mute: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditor, "SLEPT", 2 * READER)
    home_on_both.mail.say(message(PAT, "Nobody can connect"))
    daemon, clock = home_on_both.daemon, home_on_both.desk.clock

    def stuck() -> set[str]:
        return {each.subject for each in daemon.pulse.found(clock.now())}

    with home_on_both.running():
        until(lambda: mute.came)
        clock.forward(minutes=READER / MINUTE)
        until(lambda: _OUR_LOOPS & stuck() == {"send-mailbox"})
        mute.open.set()


def test_two_daemons_send_each_thing_once(home_on_both: House, tmp_path: Path) -> None:
    other = replace(home_on_both, daemon=build_daemon(home_on_both.parts))
    down = [message(f"pat{n}@acme.example", "Nobody can connect") for n in range(12)]
    home_on_both.mail.say(*down)
    with home_on_both.running(), other.running():
        until(lambda: len(deliveries(home_on_both.desk)) >= 24)
        until(lambda: all(each.state not in _WAIT for each in deliveries(home_on_both.desk)))
    sent = Counter(
        each.key
        for one in (home_on_both, other)
        for plugin in (one.mail, one.pager)
        for each in plugin.sent
    )
    assert set(sent.values()) == {1}
    assert sent.keys() == {each.key for each in deliveries(home_on_both.desk)}
    assert home_on_both.lines("loop_failed") == []


# --- by themselves ----------------------------------------------------------------------------------


def taken(connection: str) -> Taken:
    """A delivery of which nothing but the connection matters."""
    delivery = object.__new__(Delivery)
    object.__setattr__(delivery, "connection", connection)
    leased = object.__new__(LeasedDelivery)
    object.__setattr__(leased, "delivery", delivery)
    return Taken((leased,))


def refuse(_taken: object) -> int:
    raise Busy("locked")


@pytest.mark.parametrize("deliver", [len, refuse])
def test_a_courier_is_out_until_it_is_back_whatever_happens(
    deliver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(couriers, "_MOMENT", 0)
    crew = Couriers(["mail", "pager"])
    assert crew.hand([taken("mail")]) == 1
    assert crew.free == ["pager"]
    try:
        assert crew.carry("mail", deliver) == 1
    except Busy:
        assert deliver is refuse
    assert crew.free == ["mail", "pager"]


def test_at_the_end_what_was_handed_over_is_carried_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(couriers, "_MOMENT", 0)
    crew, carried = Couriers(["mail"]), list[Taken]()
    crew.hand([taken("mail")])
    crew.end()

    def deliver(some: Any) -> int:
        carried.extend(some)
        return len(some)

    assert not crew.over("mail")
    assert [crew.carry("mail", deliver), crew.carry("mail", deliver)] == [1, 0]
    assert crew.over("mail")
    assert len(carried) == 1


def test_whoever_hands_over_waits_a_moment_for_a_far_end_that_answers_at_once() -> None:
    """What dispatch would do meanwhile takes the processor from the page."""
    crew = Couriers(["pager"])
    thread = threading.Thread(target=crew.carry, args=("pager", len))
    thread.start()
    crew.hand([taken("pager")])
    free = crew.free
    thread.join()
    assert free == ["pager"]
