"""Shipped policies, damaged in every way that people damage files: they load, or say what is wrong."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from typing import Any, Final, TypeAlias

import pytest

from upheld.errors import ConfigError, Place
from upheld.policy import load_policy, shipped
from upheld.source import Document, parse


def _whole(name: str) -> Document:
    file = files("upheld.policy").joinpath("shipped", f"{name}.yaml")
    return parse(file.read_text(encoding="utf-8"), f"{name}.yaml")


_WHOLE: Final = {name: _whole(name) for name in shipped()}

#: Of each policy and each kind of damage.
_SEEDS: Final = 6
#: A list or mapping, and where in it: what a mutation changes.
Spot: TypeAlias = tuple[Any, Any]
Mutation: TypeAlias = Callable[[random.Random, Any], object]

_NUMBERS: Final[tuple[Any, ...]] = (
    0,
    -1,
    7,
    100,
    2.5,
    10**30,
    "0 hours",
    "999999999 weeks",
    "1 day",
    "-1 hours",
)
_EMPTY: Final[tuple[Any, ...]] = (None, "", " ", [], {}, [None], [""], {"": None})
_TYPES: Final[tuple[Any, ...]] = (
    True,
    3,
    0.5,
    "word",
    ["word"],
    [["word"]],
    {"word": 1},
    [{"a": {"b": []}}],
    None,
)


def _spots(data: Any) -> Iterator[Spot]:
    """Every place in the file that holds a value, in its order."""
    places = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in places:
        yield data, key
        if isinstance(value, dict | list):
            yield from _spots(value)


def _pick(rng: random.Random, data: Any, fits: Callable[[Any, Any], bool]) -> Spot:
    return rng.choice([spot for spot in _spots(data) if fits(*spot)])


def _misspelt(rng: random.Random, word: str) -> str:
    at = rng.randrange(len(word))
    return rng.choice(
        [word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:], word[:at] + "q" + word[at:]]
    )


def _key(inside: Any, _at: Any) -> bool:
    return isinstance(inside, dict)


def _word(inside: Any, at: Any) -> bool:
    return isinstance(inside[at], str) and len(inside[at]) > 1


def _drop_key(rng: random.Random, data: Any) -> None:
    inside, key = _pick(rng, data, _key)
    del inside[key]


def _misspell_key(rng: random.Random, data: Any) -> None:
    inside, key = _pick(rng, data, lambda of, at: _key(of, at) and isinstance(at, str))
    inside[_misspelt(rng, key)] = inside.pop(key)


def _misspell_word(rng: random.Random, data: Any) -> None:
    inside, at = _pick(rng, data, _word)
    inside[at] = _misspelt(rng, inside[at])


def _replace_by(*values: Any) -> Mutation:
    def replace(rng: random.Random, data: Any) -> None:
        inside, at = _pick(rng, data, lambda _of, _at: True)
        inside[at] = copy.deepcopy(rng.choice(values))

    return replace


def _twice(rng: random.Random, data: Any) -> None:
    inside, at = _pick(rng, data, lambda of, _at: isinstance(of, list))
    inside.insert(at, copy.deepcopy(inside[at]))


def _exchange(rng: random.Random, data: Any) -> None:
    """Two values change places: a key of one thing in another, a list where a text was."""
    spots = [spot for spot in _spots(data) if not isinstance(spot[0][spot[1]], dict | list)]
    (one, at), (other, where) = rng.sample(spots, 2)
    one[at], other[where] = other[where], one[at]


def _put_elsewhere(rng: random.Random, data: Any) -> None:
    """A key with all below it is pasted into another mapping."""
    from_, key = _pick(rng, data, _key)
    into, at = _pick(rng, data, lambda of, at: isinstance(of[at], dict))
    into[at][key] = copy.deepcopy(from_[key])


def _nest(rng: random.Random, data: Any) -> None:
    inside, at = _pick(rng, data, lambda _of, _at: True)
    for _ in range(rng.choice([1, 2, 60])):
        inside[at] = rng.choice([[inside[at]], {"when": inside[at]}])


_MUTATIONS: Final[dict[str, Mutation]] = {
    "a key dropped": _drop_key,
    "a key misspelt": _misspell_key,
    "a word misspelt": _misspell_word,
    "a value of another type": _replace_by(*_TYPES),
    "an absurd number": _replace_by(*_NUMBERS),
    "an empty value": _replace_by(*_EMPTY),
    "an item twice": _twice,
    "two values exchanged": _exchange,
    "a key pasted elsewhere": _put_elsewhere,
    "a value nested": _nest,
}


def _mutated(policy: str, mutation: str, seed: int) -> Document:
    whole = _WHOLE[policy]
    data = copy.deepcopy(whole.data)
    _MUTATIONS[mutation](random.Random(f"{mutation}{seed}"), data)
    return replace(whole, data=data)


def _problems(source: Document) -> tuple[ConfigError, ...]:
    """What is wrong with it; nothing where it loads."""
    try:
        load_policy(source)
    except ConfigError as error:
        return error.problems
    return ()


@pytest.mark.parametrize("mutation", _MUTATIONS)
@pytest.mark.parametrize("seed", range(_SEEDS))
@pytest.mark.parametrize("policy", shipped())
def test_a_damaged_policy_loads_or_says_where_it_is_wrong(
    policy: str, mutation: str, seed: int
) -> None:
    for problem in _problems(_mutated(policy, mutation, seed)):
        assert isinstance(problem.where, Place), problem
        assert problem.where.file == f"{policy}.yaml"
        assert problem.where.line, problem
        assert re.fullmatch(r"[^:]+: .+", problem.what, re.DOTALL), "names no key"


@pytest.mark.parametrize("seed", range(_SEEDS))
@pytest.mark.parametrize("policy", shipped())
def test_a_damaged_text_loads_or_says_where_it_is_wrong(policy: str, seed: int) -> None:
    rng = random.Random(seed)
    file = f"{policy}.yaml"
    lines = _WHOLE[policy].text.splitlines(keepends=True)
    at = rng.randrange(len(lines))
    cut = rng.randrange(len(lines[at]))
    lines[at] = rng.choice(["", lines[at] * 2, lines[at][:cut], " " + lines[at], lines[at][cut:]])
    try:
        found = _problems(parse("".join(lines), file))
    except ConfigError as error:
        found = error.problems
    for problem in found:
        assert re.match(rf"{file}:\d+:", str(problem)), problem


#: Below these stand the policy's own names, which are no keys of the language.
_NAMES: Final = frozenset({"week", "extra", "kinds", "severities", "products", "flags"})
_BELOW_NAMES: Final = frozenset({"matrix", "holidays", "ends", "versions", "one_of"})


def _language(data: Any, names: frozenset[str]) -> Iterator[Spot]:
    """The first use of each key of the language; names of the policy's own are no such keys."""
    if not isinstance(data, dict):
        for each in data if isinstance(data, list) else ():
            yield from _language(each, names)
        return
    for key, value in data.items():
        if isinstance(key, str) and key not in names:
            yield data, key
        if key in _NAMES and isinstance(value, dict):
            for inside in value.values():
                yield from _language(inside, names)
        elif key not in _BELOW_NAMES:
            yield from _language(value, names)


def _spots_of_keys(policy: str, data: Any) -> dict[str, Spot]:
    whole = _WHOLE[policy].data
    groups = ("roles", "calendars", "outcomes", "plans", "tiers", "desks")
    names = frozenset(name for group in groups for name in whole.get(group) or {})
    found: dict[str, Spot] = {}
    for inside, key in _language(data, names):
        found.setdefault(key, (inside, key))
    return found


#: Each key in one of the policies that use it.
_KEYS: Final = {
    key: policy for policy, whole in _WHOLE.items() for key in _spots_of_keys(policy, whole.data)
}


@pytest.mark.parametrize(("key", "policy"), _KEYS.items())
def test_a_misspelt_key_is_always_refused_and_the_right_one_is_told(key: str, policy: str) -> None:
    data = copy.deepcopy(_WHOLE[policy].data)
    inside, _ = _spots_of_keys(policy, data)[key]
    inside[f"{key}x"] = inside.pop(key)
    found = _problems(replace(_WHOLE[policy], data=data))
    (problem,) = (each for each in found if f"{key}x: there is no such" in each.what)
    assert re.search(rf"\b{key}\b", problem.do_next)
