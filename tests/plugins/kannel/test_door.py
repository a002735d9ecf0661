"""Callbacks through the real door: texts of any charset, and receipts."""

from __future__ import annotations

import pytest

from tests.plugins.door import opened
from tests.plugins.kannel.conftest import ANN, MESSAGE, SECRET
from upheld.plugin import Delivery, Message, Receipt
from upheld.testing import ScratchContext
from upheld_kannel.adapter import Kannel
from upheld_kannel.simulator import KannelSimulator


@pytest.mark.parametrize("text", ["ACK 1042", "Grüße ȁ שלום 💥", "100 % & more + #1"])
def test_what_somebody_writes(
    sms: Kannel, far: KannelSimulator, context: ScratchContext, text: str
) -> None:
    with opened(sms, context) as door:
        # An answer with words in it would be sent to whoever wrote.
        assert door(far.write(ANN.value, text, SECRET)) == (200, b"")
    (message,) = door.items
    assert isinstance(message, Message)
    assert (message.text, message.by.id) == (text, ANN.value)


def test_a_receipt(sms: Kannel, far: KannelSimulator, context: ScratchContext) -> None:
    sms.send(MESSAGE, ANN, "case:1042/page>ann & ü%d")
    with opened(sms, context) as door:
        assert door(far.tell(far.sent[0], 1))[0] == 200
    (receipt,) = door.items
    assert isinstance(receipt, Receipt)
    assert (receipt.key, receipt.state) == ("case:1042/page>ann & ü%d", Delivery.DELIVERED)
