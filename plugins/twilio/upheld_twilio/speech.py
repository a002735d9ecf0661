"""A spoken call: what is said, which keys answer, and what a key does. Pure.

A call is a dialogue of requests. What it is about travels in the URL that the next key goes to, sealed
with our token, so that nothing has to be kept here between two of them. TwiML: Twilio documentation,
"Gather", "Say".
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from xml.etree.ElementTree import Comment, Element, SubElement, tostring
from xml.sax.saxutils import escape

from upheld.plugin import Answer, Does, Outgoing
from upheld.sms import CUT, clean, longest, of
from upheld.sms import sealed as seal
from upheld.sms import unsealed as unseal

#: How often somebody who presses nothing is asked.
TIMES: Final = 3
#: As XML; what is more would not go into the 4,000 characters that TwiML may have.
_LONGEST: Final = 600
_SECONDS: Final = "6"
_DOES: Final = {
    Does.ACKNOWLEDGE: ("to acknowledge", "Thank you. It is yours."),
    Does.ESCALATE: ("to pass it on", "Thank you. It is passed on."),
    Does.MOBILISE: ("to call everybody", "Thank you. Everybody is called."),
    Does.STATUS: ("for its status", "Thank you. Its status comes as a message."),
}
_FAREWELL: Final = "Goodbye."


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What a call is about: the key of its sending, the words, the answers, how often it was asked."""

    key: str
    words: str
    language: str
    answers: tuple[Answer, ...] = ()
    asked: int = 1

    def answer(self, digits: str) -> Answer | None:
        """What these keys mean."""
        return next((each for each in self.answers if each.word == digits), None)

    def again(self) -> Dialogue | None:
        """Asked once more; None where it was often enough."""
        return replace(self, asked=self.asked + 1) if self.asked < TIMES else None


def dialogue(message: Outgoing, key: str, language: str) -> Dialogue:
    """The call of a message. Numbers are said digit by digit; answers are the keys among them."""
    words = clean(message.spoken or f"{message.subject}. {message.text}")
    spaced = re.sub(r"\d{3,}", lambda found: " ".join(found[0]), " ".join(words.split()))
    answers = tuple(each for each in message.answers if each.word.isdecimal())
    return Dialogue(key, _cut(spaced), language, answers)


def asking(call: Dialogue, url: str) -> str:
    """TwiML that says it and waits for a key, which goes to ``url``; without answers it only says it,
    twice. A comment tells which sending it is, for a call has no other place for that."""
    response = Element("Response")
    response.append(Comment(signpost(call.key)))
    if not call.answers:
        _say(response, call.words, call.language).set("loop", "2")
        return _xml(response)
    gather = SubElement(
        response,
        "Gather",
        input="dtmf",
        numDigits=str(max(len(each.word) for each in call.answers)),
        timeout=_SECONDS,
        action=url,
        method="POST",
        actionOnEmptyResult="true",
    )
    choices = " ".join(f"Press {each.word} {_DOES[each.does][0]}." for each in call.answers)
    _say(gather, f"{call.words} {choices}", call.language)
    return _xml(response)


def signpost(key: str) -> str:
    """What stands in the TwiML of a sending's call, and in no other's."""
    return f"#{of(key)}#"


def thanks(call: Dialogue, answer: Answer) -> str:
    """TwiML that says what a key has done."""
    return _said(f"{_DOES[answer.does][1]} {_FAREWELL}", call.language)


def farewell(call: Dialogue) -> str:
    """TwiML for somebody who pressed nothing that we know."""
    return _said(f"No answer. {_FAREWELL}", call.language)


def refusal() -> str:
    """TwiML for somebody who calls our number: nobody is there."""
    response = Element("Response")
    SubElement(response, "Reject")
    return _xml(response)


def silence() -> str:
    """TwiML that does nothing: the answer to a message."""
    return _xml(Element("Response"))


# --- the seal -----------------------------------------------------------------------------------


def sealed(call: Dialogue, token: str) -> str:
    """The dialogue as a word for a URL."""
    answers = [[each.word, each.does.value, each.code] for each in call.answers]
    said = [call.key, call.words, call.language, answers, call.asked]
    return seal(zlib.compress(json.dumps(said, ensure_ascii=False).encode(), 9), token)


def unsealed(word: str, tokens: Iterable[str]) -> Dialogue | None:
    """The dialogue again; None where none of our tokens sealed it."""
    packed = unseal(word, tokens)
    if packed is None:
        return None
    key, words, language, answers, asked = json.loads(zlib.decompress(packed))
    known = tuple(Answer(each[0], Does(each[1]), each[2]) for each in answers)
    return Dialogue(key, words, language, known, asked)


# --- TwiML --------------------------------------------------------------------------------------


def _said(words: str, language: str) -> str:
    response = Element("Response")
    _say(response, words, language)
    return _xml(response)


def _say(parent: Element, words: str, language: str) -> Element:
    say = SubElement(parent, "Say", language=language)
    say.text = words
    return say


def _xml(response: Element) -> str:
    return tostring(response, encoding="unicode")


def _cut(words: str) -> str:
    """As much as TwiML has room for, escaped as it will be."""
    if len(escape(words)) <= _LONGEST:
        return words
    kept = longest(words, lambda n: len(escape(words[:n])) <= _LONGEST)
    return words[:kept].rstrip() + CUT
