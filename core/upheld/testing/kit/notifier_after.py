"""W, R, I and L: after a sending, when it fails, and what it costs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from upheld.plugin import (
    Ability,
    Address,
    Auth,
    Delivery,
    Notifier,
    Permanent,
    Receipt,
    Request,
    Retry,
    Unknown,
    Withdrawal,
)
from upheld.testing.clock import SteppedClock
from upheld.testing.kit.contract import Connect, ended, raised
from upheld.testing.kit.far_end import Fault
from upheld.testing.kit.grade import shows
from upheld.testing.kit.notifier_base import NotifierBase, outgoing, read
from upheld.testing.kit.notifier_end import NotifierFarEnd, Page
from upheld.testing.kit.tracker_base import error_of
from upheld.testing.kit.tracker_failure import LIMITS, NOTHING_DONE, PERHAPS_DONE


class Afterwards(NotifierBase):
    """`withdraw`, receipts, failures, `close`."""

    @shows("W18-withdraw")
    def test_a_page_is_withdrawn(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address
    ) -> None:
        for number in (1, 2):
            notifier.send(outgoing(thread=f"page:{number}"), somebody, f"key:{number}")
        notifier.withdraw("page:1", Withdrawal.WORKED, "key:3")
        assert remote.page("page:1") is Page.ACKNOWLEDGED
        for _ in range(2):
            notifier.withdraw("page:1", Withdrawal.CLOSED, "key:4")
        assert (remote.page("page:1"), remote.page("page:2")) == (Page.RESOLVED, Page.OPEN)

    @shows("W18-withdraw")
    def test_a_page_that_there_is_not(
        self, notifier: Notifier[Any], remote: NotifierFarEnd
    ) -> None:
        notifier.withdraw("page:9", Withdrawal.CLOSED, "key:1")
        assert remote.page("page:9") in {None, Page.RESOLVED}
        assert remote.got() == ()

    @shows("R19-receipts")
    def test_a_later_receipt(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address
    ) -> None:
        sent = notifier.send(outgoing(), somebody, "key:1")
        cursor = notifier.pull(None).cursor
        remote.hooks()  # what it told of the sending itself
        remote.acknowledge("key:1")
        page = notifier.pull(cursor)
        told = [item for hook in remote.hooks() for item in notifier.receive(hook).items]
        (receipt,) = [each for each in (*page.items, *told) if isinstance(each, Receipt)]
        assert receipt.key == "key:1" or receipt.handle == sent.handle
        assert receipt.state in {Delivery.ACKNOWLEDGED, Delivery.DELIVERED}
        assert notifier.pull(page.cursor).items == ()

    @shows("U20-undeclared")
    def test_what_is_not_declared_says_so(
        self, notifier: Notifier[Any], somebody: Address, clock: SteppedClock
    ) -> None:
        abilities, at = self.plugin.abilities, clock.as_datetime()
        if Ability.WITHDRAW not in abilities:
            error = error_of(notifier.withdraw, "case:1", Withdrawal.CLOSED, "key:1")
            assert isinstance(error, Permanent)
        if Ability.FIND not in abilities:
            lookup = notifier.find("key:1", somebody, at)
            assert (lookup.found, lookup.conclusive) == (None, False)
        if Ability.RECEIVE not in abilities:
            request = Request("POST", "https://desk.example/hooks/x", (), (), b"{}", at)
            assert notifier.receive(request).response.status == 404
        if Ability.PULL not in abilities:
            assert notifier.pull(None).items == ()

    # --- failure ---

    @shows("I21-limits")
    @pytest.mark.parametrize("fault", LIMITS)
    def test_a_limit(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address, fault: Fault
    ) -> None:
        self.meet(remote, fault)
        remote.inject(fault)
        error = error_of(notifier.send, outgoing(), somebody, "key:1")
        assert isinstance(error, Retry)
        assert (error.after or timedelta(0)) >= (LIMITS[fault] or timedelta(0))
        assert remote.got() == ()

    @shows("I22-classified")
    @pytest.mark.parametrize("fault", [*NOTHING_DONE, *PERHAPS_DONE])
    def test_a_sending_that_fails(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address, fault: Fault
    ) -> None:
        self.meet(remote, fault)
        remote.inject(fault)
        error = raised(lambda: notifier.send(outgoing(), somebody, "key:1"))
        remote.heal()
        harmless = fault in NOTHING_DONE or Ability.REPEAT in self.plugin.abilities
        assert (
            error is None or isinstance(error, Unknown) or (isinstance(error, Retry) and harmless)
        ), repr(error)
        if error is None:
            assert len(remote.got()) == 1

    @shows("I23-revoked")
    def test_refused_credentials(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address
    ) -> None:
        self.meet(remote, Fault.REVOKED)
        remote.inject(Fault.REVOKED)
        before = len(remote.calls())
        error = error_of(notifier.send, outgoing(), somebody, "key:1")
        assert isinstance(error, Auth)
        assert error.do_next
        assert len(remote.calls()) - before <= 3

    @shows("I24-recovers")
    def test_it_sends_again(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address
    ) -> None:
        self.meet(remote, Fault.RESET)
        for _ in range(3):
            remote.inject(Fault.RESET)
            raised(lambda: notifier.send(outgoing(), somebody, "key:1"))
        remote.heal()
        notifier.send(outgoing("It is back."), somebody, "key:1")
        assert "It is back." in read(remote.got()[-1].text)

    # --- budget ---

    @shows("L25-calls")
    def test_the_budget(
        self,
        notifier: Notifier[Any],
        remote: NotifierFarEnd,
        somebody: Address,
        record_property: Callable[[str, object], None],
    ) -> None:
        notifier.send(outgoing(), somebody, "key:1")
        cursor = notifier.pull(None).cursor
        costs = {"create": _cost(remote, lambda: notifier.send(outgoing(), somebody, "key:2"))}
        if Ability.WITHDRAW in self.plugin.abilities:
            stand_down = lambda: notifier.withdraw("case:1", Withdrawal.CLOSED, "key:3")  # noqa: E731
            costs["change"] = _cost(remote, stand_down)
        costs["idle"] = _cost(remote, lambda: notifier.pull(cursor))
        record_property("calls", costs)
        assert {name: n for name, n in costs.items() if n > remote.budget[name]} == {}

    @shows("L26-stop")
    def test_close_lets_go(
        self, connect: Connect, remote: NotifierFarEnd, somebody: Address
    ) -> None:
        before = set(threading.enumerate())
        notifier = connect()
        notifier.send(outgoing(), somebody, "key:1")
        if Fault.RESET.name not in remote.lacks:
            remote.inject(Fault.RESET)
            raised(lambda: notifier.send(outgoing(), somebody, "key:2"))
            remote.heal()
        notifier.close()
        notifier.close()
        ended(before)

    @shows("L27-many")
    def test_a_hundred(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address
    ) -> None:
        for number in range(100):
            message = outgoing(f"Number {number:03}.", thread=f"case:{number}")
            notifier.send(message, somebody, f"key:{number}")
        got = [read(each.text) for each in remote.got()]
        assert len(got) == 100
        assert all(f"Number {number:03}." in text for number, text in enumerate(got))


def _cost(remote: NotifierFarEnd, call: Callable[[], object]) -> int:
    before = len(remote.calls())
    call()
    return len(remote.calls()) - before
