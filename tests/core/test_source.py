"""YAML 1.2 with places: values stay what they look like, and every error has a line."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from upheld.errors import ConfigError, Place
from upheld.source import DEEPEST, LIMIT, LONGEST_KEY, parse, problems, read, suggest


def refused(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, "f")
    return [str(problem) for problem in caught.value.problems]


# --- what values are ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("10:00", "10:00"),
        ("24x7", "24x7"),
        ("2026-12-25", "2026-12-25"),
        ("2026-12-25T10:00:00Z", "2026-12-25T10:00:00Z"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("0x_f", "0x_f"),
        ("1_0.5", "1_0.5"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("true", True),
        ("FALSE", False),
        ("12", 12),
        ("-3", -3),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("~", None),
        ("", None),
        ("'12'", "12"),
        ('"a\\tb"', "a\tb"),
        ("[1, {a: b}]", [1, {"a": "b"}]),
        ("{on: 1, 2: NO}", {"on": 1, 2: "NO"}),
    ],
)
def test_a_value_is_what_it_looks_like(written: str, value: object) -> None:
    read_ = parse(f"key: {written}\n", "f").data["key"]
    assert (read_, type(read_)) == (value, type(value))


def test_a_number_too_long_for_a_machine_stays_text() -> None:
    digits = "9" * 5000
    assert parse(f"key: {digits}", "f").data == {"key": digits}


def test_a_folded_text_is_one_line_with_nothing_hidden_in_it() -> None:
    assert parse("a: >-\n  one\n  two\n\n  three\n", "f").data == {"a": "one two\nthree"}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~\n"])
def test_an_empty_file_holds_nothing(text: str) -> None:
    assert parse(text, "f").data is None


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="\ufeff"))
)


@given(st.recursive(_SCALARS, lambda inside: st.lists(inside, max_size=4), max_leaves=12))
def test_json_is_read_as_json(data: Any) -> None:
    text = json.dumps({"a": data}, ensure_ascii=False)
    assert parse(text, "f").data == {"a": data}


# --- places -------------------------------------------------------------------------------------


def test_every_key_and_item_has_its_place() -> None:
    document = parse("a:\n  b: [x, y]\n  c:\n  - d: 1\n", "f")
    assert document.place("a", "b") == Place("f", 2, 3)
    assert document.place("a", "b", 1) == Place("f", 2, 10)
    assert document.place("a", "c", 0, "d") == Place("f", 4, 5)


def test_what_is_not_there_has_the_place_of_what_is_around_it() -> None:
    document = parse("a:\n  b: 1\n", "f")
    assert document.place("a", "missing", 3) == Place("f", 1, 1)
    assert parse("", "f").place("a") == Place("f")


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", "f:3:1: the key 'a' stands twice"),
        ("1: x\n'1': y\n", "f:2:1: the key '1' stands twice"),
        ("a: &here 1\n", "f:1:4: anchors and aliases are not taken"),
        ("&here a: 1\n", "f:1:1: a list, a mapping or an anchor can't be a key"),
        ("? [a]\n: 1\n", "f:1:3: a list, a mapping or an anchor can't be a key"),
        ("true: 1\n", "f:1:1: 'true' can't be a key"),
        ("2.5: 1\n", "f:1:1: '2.5' can't be a key"),
        ("'': 1\n", "f:1:1: '' can't be a key"),
        ("a: !secret x\n", "f:1:4: the tag '!secret' is not taken"),
        ("a: !!binary eA==\n", "f:1:4: the tag 'binary' is not taken"),
        ("a: !mine [x]\n", "f:1:4: the tag '!mine' is not taken"),
        ("<<: {a: 1}\n", "f:1:1: the tag 'merge' is not taken"),
        ('a: "\\ud800"\n', "f:1:4: half a character stands in it"),
        (f"{'k' * (LONGEST_KEY + 1)}: 1\n", f"f:1:1: is longer than {LONGEST_KEY} characters"),
        ("%YAML 1.1\n---\na: NO\n", "f:1: directives are not taken"),
        ("# why\n\n%TAG ! x\n---\na: 1\n", "f:3: directives are not taken"),
        ("a: 'open\n", "f:2:1: is no YAML"),
        ("a: b: c\n", "f:1:5: is no YAML"),
        ("a:\n\t- b\n", "f:2:1: is no YAML"),
        ("a: 1\n---\nb: 2\n", "f:2:1: is no YAML"),
        ("a: *nobody\n", "f:1:4: is no YAML"),
        ("a: 1\nb: \x07\n", "f:2: the character U+0007 is not taken"),
    ],
)
def test_what_people_would_misread_is_refused_with_its_place(text: str, line: str) -> None:
    (problem,) = refused(text)
    assert problem.startswith(line)


def test_where_it_is_no_yaml_it_is_said_where_to_look() -> None:
    (problem,) = refused("a: 'open\n")
    assert "\n  → look here and just above: quotes" in problem


def test_a_percent_sign_that_is_no_directive_is_taken() -> None:
    assert parse("a: 5%\nb:\n  |\n  %YAML\n", "f").data["a"] == "5%"


def test_all_that_is_wrong_is_told_together() -> None:
    assert len(refused("a: &x 1\nb: !t 2\n3.5: 1\nc: 1\nc: 2\n")) == 4


@pytest.mark.parametrize("depth", [DEEPEST + 5, 500])
def test_deep_nesting_is_refused_and_breaks_nothing(depth: int) -> None:
    (problem,) = refused("[" * depth + "]" * depth)
    assert f"is nested more than {DEEPEST} deep" in problem


def test_a_text_beyond_all_measure_is_refused_unread() -> None:
    assert refused("#" * (LIMIT + 1)) == [f"f: is larger than {LIMIT:,} characters"]


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ConfigError):  # and nothing else
        parse(text, "f")


# --- files --------------------------------------------------------------------------------------


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read(file).data == {"a": 1}


def test_broken_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"a: 1\nb: \xe4\n")
    with pytest.raises(ConfigError, match="is not in UTF-8") as caught:
        read(file)
    assert caught.value.where == Place(str(file), 2)
    assert caught.value.do_next == "save it as UTF-8"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: No such file") as caught:
        read(tmp_path / "none.yaml")
    assert caught.value.where == str(tmp_path / "none.yaml")


# --- suggestions --------------------------------------------------------------------------------


def test_a_near_word_is_suggested() -> None:
    assert suggest("severty", ["severity", "plan"]) == 'did you mean "severity"?'


def test_where_none_is_near_all_are_named_in_order() -> None:
    assert suggest("zzz", ["severity", "plan"]) == "one of: plan, severity"
    assert suggest("zzz", []) == "there is nothing to choose from"


# --- pydantic -----------------------------------------------------------------------------------


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    token: int


def test_what_pydantic_finds_gets_a_place_and_shows_no_value() -> None:
    document = parse("it:\n  token: hunter2\n  more: 1\n", "f")
    with pytest.raises(ValidationError) as caught:
        _Shape.model_validate(document.data["it"])
    found = [str(each) for each in problems(caught.value, document, "it").problems]
    assert found[0] == "f:1:1: it.name: is missing"
    assert found[1].startswith("f:2:3: it.token: ")
    assert found[2] == "f:3:3: it.more: there is no such key"
    assert "hunter2" not in "".join(found)
