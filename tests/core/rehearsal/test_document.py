"""JSON is read the short way, and told of like any other file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upheld.errors import ConfigError, Place
from upheld.rehearsal.document import document
from upheld.source import parse

WORDS = st.text("abc 1é:#-{}[]'\"\\\n", max_size=8)
KEYS = st.text("abcdé", min_size=1, max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "s.json"


def written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


@settings(max_examples=30)
@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_json_says_the_same_either_way(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, object]
) -> None:
    text = json.dumps(data, ensure_ascii=False, indent=1)
    file = written(tmp_path_factory.mktemp("json") / "s.json", text)
    short, long = document(file), parse(text, str(file))
    assert short.data == long.data
    assert dict(short.places) == dict(long.places)


def test_yaml_is_read_as_yaml(file: Path) -> None:
    assert document(written(file, "a: [1, NO]\n")).data == {"a": [1, "NO"]}


def test_a_place_is_found_when_it_is_asked_for(file: Path) -> None:
    found = document(written(file, '{"a":\n  {"b": 1}}'))
    assert found.place("a", "b") == Place(str(file), 2, 4)
    assert len(found.places) == 3


def test_tabs_are_as_good_as_blanks_in_json(file: Path) -> None:
    assert document(written(file, '{\n\t"a":\n\t1\n}')).data == {"a": 1}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"a": 1, "a": 2}', "the key 'a' stands twice"),
        ('{"a": ', "is no YAML"),
        ('{"a": "\\ud800"}', "half a character"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(file: Path, text: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what) as caught:
        document(written(file, text))
    assert str(file) in str(caught.value)


def test_no_number_is_a_word_as_in_yaml(file: Path) -> None:
    assert document(written(file, '{"a": NaN}')).data == {"a": "NaN"}


def test_a_file_that_is_not_there_is_told(file: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        document(file)
