"""S and T: sending. One message, one reader, as it was written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from upheld.plugin import (
    Ability,
    Address,
    Attachment,
    Delivery,
    Notifier,
    Permanent,
    Receipt,
    Retry,
    Unknown,
    Urgency,
)
from upheld.testing.clock import SteppedClock
from upheld.testing.kit.contract import Connect, raised
from upheld.testing.kit.far_end import Fault
from upheld.testing.kit.grade import shows
from upheld.testing.kit.notifier_base import HOSTILE, TEXT, NotifierBase, outgoing, read
from upheld.testing.kit.notifier_end import NotifierFarEnd
from upheld.testing.kit.tracker_base import error_of


class Sending(NotifierBase):
    """`send` and `find`."""

    @shows("S6-arrives")
    def test_it_arrives_whole_and_once(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address
    ) -> None:
        notifier.send(outgoing(), somebody, "key:1")
        (got,) = remote.got()
        assert got.to == somebody.value
        assert "Severity 1: mail is down" in read(got.text)
        assert read(TEXT) in read(got.text)

    @shows("S6-arrives")
    def test_two_people_get_their_own(
        self, notifier: Notifier[Any], remote: NotifierFarEnd
    ) -> None:
        people = [remote.person(self.channel, number) for number in (1, 2)]
        for number, person in enumerate(people):
            message = outgoing(f"For number {number}.", thread=f"case:{number}")
            notifier.send(message, person, f"key:{number}")
        got = {each.to: read(each.text) for each in remote.got()}
        assert set(got) == {person.value for person in people}
        assert "For number 0." in got[people[0].value]
        assert "For number 1." in got[people[1].value]

    @shows("S7-receipt")
    def test_the_receipt(
        self, notifier: Notifier[Any], somebody: Address, clock: SteppedClock
    ) -> None:
        receipt = notifier.send(outgoing(), somebody, "key:1")
        assert isinstance(receipt, Receipt)
        assert (receipt.key, receipt.at) == ("key:1", clock.as_datetime())
        assert receipt.state in {Delivery.ACCEPTED, Delivery.DELIVERED}

    @shows("S8-lost-reply")
    def test_a_lost_reply(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address
    ) -> None:
        self.meet(remote, Fault.LOST_REPLY)
        remote.inject(Fault.LOST_REPLY)
        error = raised(lambda: notifier.send(outgoing(), somebody, "key:1"))
        remote.heal()
        if Ability.REPEAT not in self.plugin.abilities:
            assert isinstance(error, Unknown | None)
        else:
            assert isinstance(error, Unknown | Retry | None)
            notifier.send(outgoing(), somebody, "key:1")
        assert len(remote.got()) == 1

    @shows("S9-repeat")
    def test_a_repeat(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address
    ) -> None:
        first = notifier.send(outgoing(), somebody, "key:1")
        second = notifier.send(outgoing(), somebody, "key:1")
        assert len(remote.got()) == 1
        assert first.handle == second.handle

    @shows("S42-same-id")
    def test_a_repeat_can_be_told(
        self, connect: Connect, remote: NotifierFarEnd, somebody: Address, clock: SteppedClock
    ) -> None:
        """Also after a restart, an hour later."""
        first = connect().send(outgoing(), somebody, "key:1")
        clock.forward(hours=1)
        again = connect()
        second, other = (again.send(outgoing(), somebody, key) for key in ("key:1", "key:2"))
        ids = [each.id for each in remote.got()]
        assert first.handle == second.handle != other.handle
        assert None not in ids
        assert len(set(ids)) == 2

    @shows("S10-find")
    def test_a_lookup(
        self, notifier: Notifier[Any], somebody: Address, clock: SteppedClock
    ) -> None:
        since = clock.as_datetime() - timedelta(hours=1)
        assert notifier.find("key:1", somebody, since).found is None
        sent = notifier.send(outgoing(), somebody, "key:1")
        found = notifier.find("key:1", somebody, since).found
        assert found is not None
        assert found.handle == sent.handle
        assert notifier.find("key:2", somebody, since).found is None

    @shows("S11-channels")
    def test_every_channel(self, notifier: Notifier[Any], remote: NotifierFarEnd) -> None:
        for number, channel in enumerate(sorted(notifier.channels)):
            person = remote.person(channel, 1)
            message = outgoing(
                f"Over {channel}.", thread=f"case:{number}", spoken=f"Over {channel}."
            )
            notifier.send(message, person, f"key:{number}")
            assert f"Over {channel}." in read(remote.got()[-1].text)
            assert remote.got()[-1].to == person.value

    @shows("S12-bad-address")
    def test_a_person_who_can_not_be_reached(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address
    ) -> None:
        self.meet(remote, "unreachable")
        error = error_of(notifier.send, outgoing(), remote.unreachable(), "key:1")
        assert isinstance(error, Permanent)
        assert error.do_next
        notifier.send(outgoing(), somebody, "key:2")
        assert [each.to for each in remote.got()] == [somebody.value]

    @shows("S13-two-at-once")
    def test_two_at_once(self, connect: Connect, remote: NotifierFarEnd) -> None:
        connections = [connect() for _ in range(2)]
        texts = ["a " * 400 + "end of a", "b " * 400 + "end of b"]

        def send(number: int) -> None:
            person = remote.person(self.channel, number + 1)
            message = outgoing(texts[number], thread=f"case:{number}")
            connections[number].send(message, person, f"key:{number}")

        with ThreadPoolExecutor(2) as both:
            list(both.map(send, range(2)))
        got = [read(each.text) for each in remote.got()]
        assert len(got) == 2
        for text in texts:
            assert sum(read(text)[-40:] in each for each in got) == 1

    # --- text ---

    @shows("T14-hostile")
    @pytest.mark.parametrize("number", range(len(HOSTILE)))
    def test_hostile_text(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address, number: int
    ) -> None:
        text = HOSTILE[number]
        message = outgoing(text, subject=text, spoken=text)
        error = raised(lambda: notifier.send(message, somebody, "key:1"))
        got = remote.got()
        assert isinstance(error, Permanent | None)
        assert [each.to for each in got] == ([somebody.value] if error is None else [])
        assert [each for each in got if remote.obeyed & set(each.text)] == []

    @shows("T14-hostile")
    def test_a_hostile_name(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address
    ) -> None:
        name = 'Eve"\r\nBcc: eve@evil.example, \x1b[2J<eve@evil.example>'
        to = Address(somebody.channel, somebody.value, name)
        error = raised(lambda: notifier.send(outgoing(), to, "key:1"))
        assert isinstance(error, Permanent | None)
        assert {each.to for each in remote.got()} <= {somebody.value}

    @shows("T15-long")
    def test_a_long_message(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address
    ) -> None:
        text = "Very long. " * 3000 + "The end."
        error = raised(lambda: notifier.send(outgoing(text), somebody, "key:1"))
        assert isinstance(error, Permanent | None)
        for got in remote.got():
            whole, cut = "The end." in read(got.text), any(m in got.text for m in ("…", "..."))
            assert whole or cut

    @shows("T16-urgent")
    def test_what_is_urgent(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address
    ) -> None:
        for number, urgency in enumerate(Urgency):
            message = outgoing(urgency=urgency, thread=f"case:{number}")
            notifier.send(message, somebody, f"key:{number}")
        marks = [each.urgent for each in remote.got()]
        if marks == [None, None]:
            self.meet(remote, "urgent")
        assert marks == [True, False]

    @shows("T17-files")
    def test_a_file(
        self, notifier: Notifier[Any], remote: NotifierFarEnd, somebody: Address
    ) -> None:
        file = Attachment("", "log-2026.txt", "text/plain", 3, lambda: BytesIO(b"abc"))
        notifier.send(outgoing(attachments=(file,)), somebody, "key:1")
        (got,) = remote.got()
        assert (got.files or {}).get("log-2026.txt") == b"abc" or "log-2026.txt" in read(got.text)
