"""Words in what a customer wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.policy.words import fold, mentions, own_words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Server OFF-LINE!", "server off line"),
        ("can't connect", "cant connect"),
        ("can’t  connect", "cant connect"),
        ("Überlastet – naïve", "uberlastet naive"),
        ("STRASSE straße", "strasse strasse"),
        ("snake_case\n\ttabs", "snake case tabs"),
        ("№ 5: ＦＵＬＬ", "no 5 full"),
        ("…!?", ""),
    ],
)
def test_case_accents_and_signs_do_not_count(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("The server is off-line.", "server is off-line"),
        ("The server is offline.", "server is off-line"),
        ("The server is off line.", "server is off-line"),
        ("SERVER DOWN", "server down"),
        ("server\ndown", "server down"),
        ("We can’t connect", "can't connect"),
        ("Invoice #12", "invoice"),
        ("mail - down again", "mail - down"),
        ("Störung im Netz", "Stoerung"),
        ("Stoerung im Netz", "Störung"),
        ("STÖRUNG im Netz", "störung"),
        ("Sto\u0308rung im Netz", "Stoerung"),
        ("Stück für Stück", "stuck fur stuck"),
    ],
)
def test_a_phrase_is_found_however_it_is_written(text: str, phrase: str) -> None:
    assert mentions(text, phrase)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("The countdown began", "down"),
        ("shutdown", "down"),
        ("downtown", "down"),
        ("he saw the manuals", "manual"),
        ("serverdown", "server down"),
        ("server is down", "server down"),
        ("", "down"),
        ("Störungen", "Störung"),
        ("I restarted the server. Down there nothing moved", "server down"),
        ("The server\n\ndown", "server down"),
        ("> The server is down\nnot any more", "server is down"),
        (">> server down", "server down"),
        ("Fine now.\n-- \nPat, billing", "billing"),
        ("Fine.\r\n-----Original Message-----\r\nThe server is down", "server is down"),
        ("Danke.\n--- Ursprüngliche Nachricht ---\nAusfall", "Ausfall"),
    ],
)
def test_a_phrase_is_whole_words_in_a_row(text: str, phrase: str) -> None:
    assert not mentions(text, phrase)


def test_what_is_quoted_in_the_middle_hides_nothing_else() -> None:
    text = "No.\n> Is it the invoice?\nThe server is down -- completely\n"
    assert own_words(text) == "No.\n\nThe server is down -- completely\n"
    assert mentions(text, "server is down")
    assert not mentions(text, "invoice")


def test_signs_in_a_phrase_are_no_pattern() -> None:
    assert mentions("what does C++ cost?", "c++")
    assert not mentions("abc", "a.c")


_words = st.text("abcdeäß", min_size=1, max_size=6)


@given(st.lists(_words, min_size=1, max_size=4), st.lists(_words, max_size=4))
def test_a_text_mentions_every_run_of_its_words(phrase: list[str], rest: list[str]) -> None:
    assert mentions(" ".join([*rest, *phrase, *rest]).upper(), " ".join(phrase))


@given(st.lists(_words, min_size=1, max_size=3), st.sampled_from("abcdß7"), st.booleans())
def test_a_phrase_is_never_found_inside_of_a_word(
    phrase: list[str], more: str, before: bool
) -> None:
    said = " ".join(phrase)
    text = f"{more}{said}" if before else f"{said}{more}"
    # Unless the longer words happen to say it as well.
    other = fold(text).split()
    apart = [other[n : n + len(phrase)] for n in range(len(other))]
    assert mentions(text, said) == ([fold(word) for word in phrase] in apart)
