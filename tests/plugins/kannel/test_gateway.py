"""A real Kannel, a message centre behind it and phones there: out, back, and in again."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from tests.plugins.kannel.conftest import ANN, MESSAGE, SECRET, configured
from upheld.plugin import Delivery, Message, Receipt
from upheld.testing import ScratchContext, SteppedClock
from upheld_kannel.adapter import Kannel
from upheld_kannel.conformance import Sink
from upheld_kannel.gateway import ESCAPES, Gateway, installed
from upheld_kannel.smsc import DELIVERED, REJECTED, UNDELIVERABLE, Smsc

#: Whatever was written to the one number of the gateway, in order.
WRITTEN = count(1)
MISSING = installed()
pytestmark = pytest.mark.skipif(
    MISSING is not None and "CI" not in os.environ, reason=MISSING or "it is here"
)


@pytest.fixture(scope="module")
def smsc() -> Iterator[Smsc]:
    with Smsc() as smsc:
        yield smsc


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def gateway(smsc: Smsc, sink: Sink, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    hook = f"{sink.url}/hooks/sms?token={SECRET}&{ESCAPES}"
    with Gateway(tmp_path_factory.mktemp("kannel"), smsc.port, hook) as gateway:
        smsc.wait_for_gateway()
        yield gateway


@pytest.fixture
def sms(context: ScratchContext, gateway: Gateway, smsc: Smsc, sink: Sink) -> Iterator[Kannel]:
    smsc.forget()
    sms = Kannel(configured(gateway.url, door=sink.apart(), segments=10), context)
    yield sms
    sms.close()


def told(sms: Kannel, sink: Sink, clock: SteppedClock, number: int) -> Receipt:
    """What the gateway tells of our sendings."""
    assert sms.config.door is not None
    (item,) = sms.receive(sink.taken(sms.config.door, number, clock)).items
    assert isinstance(item, Receipt)
    return item


@pytest.fixture
def wrote(sms: Kannel, smsc: Smsc, sink: Sink, clock: SteppedClock) -> Callable[[str], Message]:
    """Ann writes; what comes of it here."""

    def write(text: str) -> Message:
        smsc.write(ANN.value[1:], "4242", text)
        (item,) = sms.receive(sink.taken(f"{sink.url}/hooks", next(WRITTEN), clock)).items
        assert isinstance(item, Message)
        return item

    return write


@pytest.mark.parametrize(
    "text",
    [
        "Since noon.",
        "Grüße, 5 €: [x] {y} ~ ^ \\ |",
        "שלום 💥 שלום",
        "Long ünä. " * 80,
        "Long שלום. " * 40,
    ],
)
def test_a_text_arrives_as_it_was_written(sms: Kannel, smsc: Smsc, text: str) -> None:
    sms.send(replace(MESSAGE, text=text), ANN, "page-7")
    smsc.wait_for_whole(1)
    (message,) = smsc.whole
    assert (message.to, message.sender, message.priority) == (ANN.value[1:], "4242", 3)
    shown = message.words.splitlines()
    assert shown[0] == MESSAGE.subject
    assert shown[1] == text.strip()
    assert message.validity


@pytest.mark.parametrize(
    ("state", "delivery"),
    [
        (DELIVERED, Delivery.DELIVERED),
        (UNDELIVERABLE, Delivery.FAILED),
        (REJECTED, Delivery.FAILED),
    ],
)
def test_what_becomes_of_a_message_comes_back_with_its_key(
    sms: Kannel, smsc: Smsc, sink: Sink, clock: SteppedClock, state: str, delivery: Delivery
) -> None:
    sms.send(MESSAGE, ANN, "case:1042/M-11>ann")
    accepted = told(sms, sink, clock, 1)
    assert (accepted.key, accepted.state) == ("case:1042/M-11>ann", Delivery.ACCEPTED)
    id_, message = smsc.sent[0]
    smsc.tell(id_, message, state)
    final = told(sms, sink, clock, 2)
    assert (final.key, final.state) == ("case:1042/M-11>ann", delivery)
    assert final.state is Delivery.DELIVERED or f"stat:{state}" in final.detail


def test_a_number_that_the_message_centre_refuses(
    sms: Kannel, smsc: Smsc, sink: Sink, clock: SteppedClock
) -> None:
    smsc.refused.add(ANN.value[1:])
    sms.send(MESSAGE, ANN, "page-7")
    refused = told(sms, sink, clock, 1)
    assert (refused.key, refused.state) == ("page-7", Delivery.FAILED)


@pytest.mark.parametrize("text", ["ACK 1042", "שלום 💥", "100 % & more + #1"])
def test_what_somebody_writes(wrote: Callable[[str], Message], text: str) -> None:
    message = wrote(text)
    assert (message.by.id, message.text, message.verified) == (ANN.value, text, False)
    assert message.id


def test_a_reply_with_the_mark_of_what_came(
    sms: Kannel, smsc: Smsc, wrote: Callable[[str], Message]
) -> None:
    handle = sms.send(MESSAGE, ANN, "page-7").handle
    smsc.wait_for_whole(1)
    message = wrote(f"ack 1042 {smsc.whole[0].words.splitlines()[-1]}")
    assert (message.text, message.verified, message.thread) == ("ack 1042", True, (handle,))


def test_nobody_is_answered(sms: Kannel, smsc: Smsc, wrote: Callable[[str], Message]) -> None:
    """Kannel would send the answer to a callback to whoever wrote."""
    wrote("Hello?")
    sms.send(MESSAGE, ANN, "page-7")  # what had been answered would stand before it
    smsc.wait_for_whole(1)
    assert [each.words.splitlines()[0] for each in smsc.whole] == [MESSAGE.subject]


def test_check_signs_in_and_sends_nothing(sms: Kannel, smsc: Smsc) -> None:
    assert [each.level.value for each in sms.check()] == ["ok"]
    assert smsc.sent == ()


def test_nothing_is_left_running(tmp_path: Path) -> None:
    with Smsc() as smsc, Gateway(tmp_path, smsc.port, "http://127.0.0.1:9/") as gateway:
        smsc.wait_for_gateway()
        port = gateway.send
    with socket.socket() as line:
        assert line.connect_ex(("127.0.0.1", port)) != 0
