"""Responders that say in the subject alone that somebody is away, and people who only speak of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.email.conftest import NOON
from tests.plugins.email.corpus import MADE, OUR, TOKENS, plain
from upheld.plugin import Message, Nature
from upheld_email.away import says_away
from upheld_email.classify import Around
from upheld_email.mapping import Reader

READER = Reader(TOKENS, Around(frozenset({OUR}), "stage"))


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: [C7] One server is slow",
        "Out of Office: Re: slow",
        "Out of office",
        "[Auto-Reply] Re: slow",
        "Automatische Antwort: AW: langsam",
        "Abwesenheitsnotiz: langsam",
        "Réponse automatique : lent",
        "Respuesta automática: lento",
        "Risposta automatica: lento",
        "Resposta automática: lento",
        "Automatisch antwoord: traag",
        "Automatiskt svar: slö",
        "Odpowiedź automatyczna: wolno",
        "Автоматический ответ: медленно",
        "自動応答: 遅い",
        "自动答复: 慢",
        "자동 회신: 느림",
    ],
)
def test_a_responder_is_known_by_its_subject(subject: str) -> None:
    assert says_away(subject)


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Out of office",
        "Our automatic reply is broken",
        "Abwesende Nutzer",
        "Autoreplying fails",
        "Slow: out of office hours",
        "",
    ],
)
def test_who_only_speaks_of_one_is_none(subject: str) -> None:
    assert not says_away(subject)


@given(st.text(max_size=40))
def test_any_subject_is_one_or_none(subject: str) -> None:
    assert says_away(subject) in {True, False}


def read(*headers: str) -> Nature:
    mail = plain(*headers).replace("Subject: Hello", "Subject: Automatic reply: slow")
    message = READER.read(mail.encode(), NOON)
    assert isinstance(message, Message)
    return message.nature


@pytest.mark.parametrize(
    "header", [f"In-Reply-To: {MADE}", f"Delivered-To: {TOKENS.plus_address('C7')}"]
)
def test_it_is_automatic_where_it_answers_us(header: str) -> None:
    assert read(header) is Nature.AUTOMATIC


@pytest.mark.parametrize("header", ["X: y", "In-Reply-To: <upheld.forged.x.y@magnolia.example>"])
def test_by_itself_a_subject_proves_nothing(header: str) -> None:
    """Who asks for help with their responder must not end in quarantine."""
    assert read(header) is Nature.NORMAL
