"""Callbacks through the real door: the URL that was signed is the one that is checked."""

from __future__ import annotations

from dataclasses import replace

from tests.plugins.door import opened
from tests.plugins.twilio.conftest import ANN, ANNS_PHONE, MESSAGE
from upheld.plugin import Delivery, Message, Receipt
from upheld.testing import ScratchContext
from upheld_twilio.adapter import Twilio
from upheld_twilio.simulator import TwilioSimulator

KEY = "case:1042/M-11/page>ann&x=1 ü+~*'()#%2F"


def test_news_of_a_sending_with_any_key(
    phone: Twilio, far: TwilioSimulator, context: ScratchContext
) -> None:
    phone.send(MESSAGE, ANN, KEY)
    with opened(phone, context) as door:
        assert door(far.tell(far.sent[0].sid, "delivered"))[0] == 204
    (receipt,) = door.items
    assert isinstance(receipt, Receipt)
    assert (receipt.key, receipt.state) == (KEY, Delivery.DELIVERED)


def test_a_whole_call(phone: Twilio, far: TwilioSimulator, context: ScratchContext) -> None:
    """Somebody presses nothing, then a wrong key, then the right one."""
    phone.send(replace(MESSAGE, spoken="Grüße: case 1042 & more."), ANNS_PHONE, KEY)
    sid = far.sent[0].sid
    with opened(phone, context) as door:
        heard = [far.hear(sid, door(far.press(sid, digits))[1]) for digits in ("", "7", "1")]
    assert [said.startswith("Grüße: case 1 0 4 2 & more.") for said in heard] == [True, True, False]
    assert heard[-1] == "Thank you. It is yours. Goodbye."
    (receipt,) = door.items
    assert isinstance(receipt, Receipt)
    assert (receipt.key, receipt.state) == (KEY, Delivery.ACKNOWLEDGED)


def test_what_somebody_writes(phone: Twilio, far: TwilioSimulator, context: ScratchContext) -> None:
    with opened(phone, context) as door:
        status, answer = door(far.write(ANN.value, "ACK 1042 שלום 💥 & +"))
    assert (status, answer) == (200, b"<Response />")
    (message,) = door.items
    assert isinstance(message, Message)
    assert message.text == "ACK 1042 שלום 💥 & +"
