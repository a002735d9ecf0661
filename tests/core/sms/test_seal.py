"""What comes back in a URL: as it was, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.sms import sealed, unsealed

PLAIN = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@given(st.binary(max_size=500), st.text(max_size=40))
def test_it_comes_back_as_it_was(content: bytes, secret: str) -> None:
    word = sealed(content, secret)
    assert unsealed(word, ["another", secret]) == content
    assert set(word) <= PLAIN  # nothing in it that a URL, or a gateway, would read


@given(st.binary(max_size=100), st.data())
def test_any_change_opens_nothing(content: bytes, data: st.DataObject) -> None:
    word = sealed(content, "secret")
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from(sorted(PLAIN)))
    changed = word[:place] + letter + word[place + 1 :]
    # The last letter of a word has bits that say nothing.
    assert unsealed(changed, ["secret"]) in {None, content}


def test_another_secret_opens_nothing() -> None:
    assert unsealed(sealed(b"page-7", "theirs"), ["ours", ""]) is None
    assert unsealed(sealed(b"page-7", "ours"), []) is None


@pytest.mark.parametrize("word", ["", ".", "a", "a.b", "é.é", "====.====", "." * 50, "A" * 5000])
def test_rubbish_opens_nothing(word: str) -> None:
    assert unsealed(word, ["secret"]) is None
