"""Where a value stands in JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.json_path import steps, value_at

DOCUMENT = {"a": {"b-c": [10, {"d": None}], "e f": True}, "": 1, "é": "x"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", DOCUMENT),
        ("$.a['e f']", True),
        ('$["a"].b-c[0]', 10),
        ("$.a.b-c[-1].d", None),
        ("$.é", "x"),
        ("@", "item"),
    ],
)
def test_what_stands_there(path: str, value: Any) -> None:
    assert value_at(path, DOCUMENT, "item") == value


def test_without_a_list_one_is_as_good_as_the_other() -> None:
    assert value_at("@.é", DOCUMENT) == value_at("$.é", DOCUMENT) == "x"
    with pytest.raises(LookupError):
        value_at("@.é", DOCUMENT, None)


@pytest.mark.parametrize(
    "path", ["$.b", "$.a.b-c[2]", "$.a.b-c[-3]", "$.a[0]", "$.a.b-c.d", "$.é.x", "$[0]", "@.a"]
)
def test_where_nothing_stands(path: str) -> None:
    with pytest.raises(LookupError):
        value_at(path, DOCUMENT, "item")


@pytest.mark.parametrize(
    "path",
    ["", "a", ".a", "$a", "$.", "$..a", "$.*", "$[*]", "$[?@.x]", "$[1:2]", "$.a b", "$['']"],
)
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(ValueError, match="is no path such as"):
        steps(path)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.text(st.characters(codec="ascii", exclude_characters="'\""), min_size=1), inner
            )
        ),
        max_leaves=15,
    )
)
def test_every_place_has_its_path(document: Any) -> None:
    def walk(path: str, value: Any) -> None:
        assert value_at(path, document) == value
        assert json.dumps(value_at(f"@{path[1:]}", None, document)) == json.dumps(value)
        named = value.items() if isinstance(value, dict) else ()
        for name, each in named:
            walk(f"{path}['{name}']", each)
        for number, each in enumerate(value if isinstance(value, list) else ()):
            walk(f"{path}[{number}]", each)

    walk("$", document)
