"""SMPP as bytes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld_kannel.pdu import DELIVER, HEADER, Pdu, delivery, header, submitted

NUMBERS = st.text(alphabet="0123456789", min_size=1, max_size=15)


def submit(text: bytes, *, kind: int = 0, coding: int = 0, priority: int = 0) -> bytes:
    """As section 4.4.1 of the specification lays it out."""
    head = b"\0" + b"\x01\x014242\0" + b"\x01\x0112025550101\0"
    flags = bytes([kind, 0, priority]) + b"\0" + b"261201120000000+\0"
    return head + flags + bytes([1, 0, coding, 0, len(text)]) + text


def test_a_short_message() -> None:
    found = submitted(submit(b"Hello", priority=3))
    assert (found.sender, found.to, found.words) == ("4242", "12025550101", "Hello")
    assert (found.priority, found.receipt, found.validity) == (3, True, "261201120000000+")
    assert found.part == (0, 1, 1)


def test_a_message_in_ucs2() -> None:
    assert submitted(submit("שלום".encode("utf-16-be"), coding=8)).words == "שלום"


def test_a_part_of_a_long_one() -> None:
    found = submitted(submit(b"\x05\x00\x03\x07\x03\x02Hello", kind=0x40))
    assert (found.part, found.text) == ((7, 3, 2), b"Hello")


@given(st.integers(0, 2**32 - 1), st.binary(max_size=300), st.integers(0, 2**32 - 1))
def test_a_pdu_is_read_as_it_was_written(number: int, body: bytes, status: int) -> None:
    raw = Pdu(DELIVER, number, body, status).packed()
    length, pdu = header(raw[:HEADER])
    assert (length, raw[HEADER:]) == (len(body), body)
    assert (pdu.command, pdu.number, pdu.status) == (DELIVER, number, status)


def test_a_header_that_is_cut_is_none() -> None:
    with pytest.raises(struct.error):
        header(b"\0" * 15)


@given(NUMBERS, NUMBERS, st.binary(max_size=254))
def test_a_delivery_has_the_layout_of_a_submission(sender: str, to: str, text: bytes) -> None:
    found = submitted(delivery(sender, to, text, coding=4))
    assert (found.sender, found.to, found.text, found.coding) == (sender, to, text, 4)


@pytest.mark.parametrize("receipt", [True, False])
def test_a_receipt_says_so(receipt: bool) -> None:
    body = delivery("1", "2", b"", receipt=receipt)
    assert body[9] == (4 if receipt else 0)
