"""What people set wrongly is told by its key, and without its value; what the page shows is taken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from ruamel.yaml import YAML

from tests.pages import fences
from tests.repository import DOCS
from upheld.json_path import steps, value_at
from upheld.registry import Registry
from upheld_probes.http import Http
from upheld_probes.tcp import Tcp

URL = "https://acme.example/"
PAGE = DOCS / "plugins" / "probes.md"


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "acme.example"},
        {"url": "ftp://acme.example/"},
        {"url": "https:///health"},
        {"url": "https://user:canary@acme.example/"},
        {"url": "https://acme.example:canary/"},
        {"url": "https://acme.example/a b"},
        {"status": 700},
        {"status": "2x"},
        {"status": []},
        {"values": {"status": "ok"}},
        {"values": {"$..status": "ok"}},
        {"version_path": "$.a[*]"},
        {"redirects": "sometimes"},
        {"headers": {"X Key": "canary"}},
        {"headers": {"X-Key": "canary\r\nEvil: 1"}},
        {"headers": {"X-Key": " canary"}},
        {"bearer": "can ary"},
        {"method": "DELETE"},
        {"ca": "acme.pem"},
        {"body_limit": 0},
        {"slow_after": 0},
    ],
)
def test_a_wrong_setting_of_a_page_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        Http.Config.model_validate({"url": URL} | wrong)
    (name,) = wrong
    assert {each["loc"][0] for each in caught.value.errors()} == {name}
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("wanted", [{"text": "a"}, {"values": {"$.a": 1}}, {"version_path": "$.v"}])
def test_an_answer_without_a_body_holds_nothing(wanted: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="can't be read with `method: HEAD`"):
        Http.Config.model_validate({"url": URL, "method": "HEAD"} | wanted)
    Http.Config.model_validate({"url": URL, "method": "HEAD", "version_header": "Server"})


@pytest.mark.parametrize("wrong", [{"host": "http://a/"}, {"host": "a b"}, {"port": 0}])
def test_a_wrong_setting_of_a_port_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        Tcp.Config.model_validate({"host": "acme.example", "port": 1} | wrong)
    assert {each["loc"][0] for each in caught.value.errors()} == set(wrong)


def test_secrets_are_in_no_repr() -> None:
    given = {"url": URL, "bearer": "canary", "body": "canary", "headers": {"X-Key": "canary"}}
    assert "canary" not in repr(Http.Config.model_validate(given))


def test_the_examples_of_the_page_are_taken() -> None:
    """Each says in its first line for which probe it is."""
    shown = fences(PAGE, "yml")
    assert shown
    for text in shown:
        name = text.partition("\n")[0].removeprefix("# ")
        config = Registry.load([name]).plugin(name).Config
        config.model_validate(YAML(typ="safe").load(text))


# --- where a value stands -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", ()),
        ("$.a.b-c", ("a", "b-c")),
        ("$[0][-1]", (0, -1)),
        ("$['odd name'].x", ("odd name", "x")),
        ('$["a\'b"]', ("a'b",)),
        ("$.größe", ("größe",)),
    ],
)
def test_a_path_names_one_place(path: str, found: tuple[str | int, ...]) -> None:
    assert steps(path) == found


@pytest.mark.parametrize("path", ["", "a", "$.", "$..a", "$.a.", "$[a]", "$.*", "$[1:2]", "$ .a"])
def test_what_names_no_single_place_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        steps(path)


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
)
PATHS = st.lists(st.sampled_from([".a", "[0]", "[-1]", "['']", "['x y']"]), max_size=4)


@given(DOCUMENTS, PATHS)
def test_a_value_is_there_or_is_not(document: Any, parts: list[str]) -> None:
    path = f"${''.join(parts)}"
    try:
        found = value_at(path, document)
    except LookupError:
        return
    except ValueError:
        assert "['']" in path, "only an empty name is refused"
        return
    assert repr(found) in repr(document)


@given(st.lists(st.text(alphabet="abc", min_size=1) | st.integers(0, 3), max_size=5), st.integers())
def test_what_was_put_there_is_found(places: list[str | int], value: int) -> None:
    document: Any = value
    for place in reversed(places):
        document = {place: document} if isinstance(place, str) else [None] * place + [document]
    path = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in places)
    assert value_at(f"${path}", document) == value
