"""A spoken call: what is heard, and what a key does."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.twilio.conftest import ANSWERS, DOOR, MESSAGE, NOON, configured
from upheld.plugin import Answer, Does, Outgoing
from upheld_twilio.outgoing import Door, call
from upheld_twilio.speech import (
    TIMES,
    Dialogue,
    asking,
    dialogue,
    farewell,
    refusal,
    sealed,
    silence,
    thanks,
    unsealed,
)

TOKEN = "a token"
SPOKEN = replace(MESSAGE, spoken="Case 1042 of Acme, severity 1. Since 12:30.")
CALL = dialogue(SPOKEN, "page-7", "en-US")


def test_numbers_are_said_digit_by_digit() -> None:
    assert CALL.words == "Case 1 0 4 2 of Acme, severity 1. Since 12:30."


def test_a_message_without_spoken_words_is_read_out() -> None:
    assert dialogue(MESSAGE, "k", "en-US").words.startswith("Sev 1 1 0 4 2 Acme: mail is down.")


def test_keys_are_the_answers_and_words_are_not() -> None:
    assert [each.word for each in CALL.answers] == ["1", "2"]
    assert CALL.answer("1") == ANSWERS[0]
    assert CALL.answer("") is CALL.answer("9") is CALL.answer("ACK") is None


def test_it_asks_for_a_key() -> None:
    gather = fromstring(asking(CALL, f"{DOOR}/call?t=x&y=z")).find("Gather")
    assert gather is not None
    assert gather.get("action") == f"{DOOR}/call?t=x&y=z"
    assert (gather.get("input"), gather.get("numDigits")) == ("dtmf", "1")
    assert gather.get("actionOnEmptyResult") == "true"
    said = gather.findtext("Say") or ""
    assert said.endswith("Since 12:30. Press 1 to acknowledge. Press 2 to pass it on.")


def test_without_answers_it_is_said_twice() -> None:
    twiml = fromstring(asking(replace(CALL, answers=()), ""))
    say = twiml.find("Say")
    assert say is not None
    assert say.get("loop") == "2"
    assert twiml.find("Gather") is None


@pytest.mark.parametrize("does", Does)
def test_whoever_answers_is_thanked(does: Does) -> None:
    said = fromstring(thanks(CALL, Answer("1", does))).findtext("Say") or ""
    assert said.startswith("Thank you.")


def test_the_short_answers() -> None:
    assert fromstring(silence()).tag == "Response"
    assert fromstring(refusal()).find("Reject") is not None
    assert "Goodbye" in (fromstring(farewell(CALL)).findtext("Say") or "")


def test_who_presses_nothing_is_asked_a_few_times() -> None:
    call: Dialogue | None = CALL
    times = 0
    while call is not None:
        times, call = times + 1, call.again()
    assert times == TIMES


# --- hostile and long -----------------------------------------------------------------------------


@given(st.text(), st.text())
def test_text_never_becomes_twiml(subject: str, text: str) -> None:
    message = Outgoing("t", subject, text, spoken=f"<Hangup/>{text}&", answers=ANSWERS)
    verbs = [each.tag for each in fromstring(asking(dialogue(message, "k", "en"), "u")).iter()]
    assert verbs == ["Response", "Gather", "Say"]


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0x20, 0xCFFF), st.integers(1, 5000))
def test_it_always_fits_into_what_a_call_may_carry(random: Random, last: int, length: int) -> None:
    text = "".join(chr(random.randint(0x20, last)) for _ in range(length))
    message = replace(MESSAGE, spoken=text)
    form = call(message, "+12025550101", configured(), Door(DOOR), key="k" * 200, at=NOON)
    twiml = form["Twiml"]
    assert isinstance(twiml, str)
    assert len(twiml) <= 4000
    assert fromstring(twiml).find("Gather") is not None


# --- the seal -------------------------------------------------------------------------------------


@given(st.text(), st.text(), st.integers(1, 3))
def test_a_dialogue_comes_back_as_it_was(key: str, words: str, asked: int) -> None:
    call = Dialogue(key, words, "en-US", ANSWERS, asked)
    word = sealed(call, TOKEN)
    assert unsealed(word, ["other", TOKEN]) == call
    assert set(word) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_a_seal_of_somebody_else_opens_nothing() -> None:
    assert unsealed(sealed(CALL, "theirs"), [TOKEN]) is None


@given(st.integers(min_value=0), st.sampled_from("ABCxyz019"))
def test_any_change_breaks_it(place: int, letter: str) -> None:
    word = sealed(CALL, TOKEN)
    place %= len(word)
    changed = word[:place] + letter + word[place + 1 :]
    assert unsealed(changed, [TOKEN]) in {None, CALL}


@pytest.mark.parametrize("word", ["", ".", "a", "a.b", "====.====", "é.é", "A" * 5000])
def test_rubbish_opens_nothing(word: str) -> None:
    assert unsealed(word, [TOKEN]) is None
