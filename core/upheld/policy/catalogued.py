"""Products, outcomes and kinds from the head of a policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from upheld.policy.catalogue import NONE, Clocks, OnReturn, Outcome, Product, Release, Standing
from upheld.policy.conditions import check_phrases
from upheld.policy.reader import Node

OUTCOME: Final = ("means", "clocks", "on_return", "text")
PRODUCT: Final = ("name", "words", "until", "beta", "versions")
RELEASE: Final = ("until", "beta")


def read_outcomes(node: Node) -> Mapping[str, Outcome]:
    """What a case can be instead of a problem to solve."""
    return {str(name): _outcome(str(name), inside) for name, inside in node.mapping()}


def _outcome(name: str, node: Node) -> Outcome:
    if name == NONE:
        node.wrong("`none` is no outcome: it says that there is none")
    if node.value is None or not node.keys(OUTCOME):
        return Outcome(name)
    return Outcome(
        name,
        means=node.at("means").text(),
        clocks=node.at("clocks").one_of(Clocks, Clocks, Clocks.RUN),
        on_return=node.at("on_return").one_of(OnReturn, OnReturn, OnReturn.CONTINUE),
        text=node.at("text").text(),
    )


def read_kinds(node: Node) -> Mapping[str, str]:
    """What customers ask for: usage, a defect, an installation …"""
    return {str(name): inside.text() for name, inside in node.entries()}


def read_products(node: Node) -> Mapping[str, Product]:
    """What is supported, and until when."""
    return {str(name): _product(str(name), inside) for name, inside in node.mapping()}


def _product(id_: str, node: Node) -> Product:
    if id_ in list(Standing):
        node.wrong(f"{id_!r} is a standing, not a product", "call it otherwise")
    if node.value is None or not node.keys(PRODUCT):
        return Product(id_, id_, (id_,))
    name = node.at("name").text(id_)
    check_phrases(node.at("words"))
    return Product(
        id_,
        name,
        words=node.at("words").texts() or tuple(dict.fromkeys((name, id_))),
        until=_day(node.at("until")),
        beta=_yes(node.at("beta")),
        releases=tuple(_releases(node.at("versions"))),
    )


def _releases(node: Node) -> Iterator[Release]:
    for key, inside in _versions(node):
        if inside is None or inside.value is None or not inside.keys(RELEASE):
            yield Release(key)
        else:
            yield Release(key, _day(inside.at("until")), _yes(inside.at("beta")))


def _versions(node: Node) -> Iterable[tuple[str, Node | None]]:
    """A list of versions, or a mapping."""
    if not isinstance(node.value, Mapping):
        return [(item.text(), None) for item in node.items()]
    return [(str(key), inside) for key, inside in node.mapping()]


def _day(node: Node) -> date | None:
    if node.value is None:
        return None
    try:
        return date.fromisoformat(node.text())
    except ValueError:
        node.wrong("is no day", "write `2026-12-31`, the last day of support")
        return None


def _yes(node: Node) -> bool:
    if not isinstance(node.value, bool | None):
        node.wrong("is neither `true` nor `false`")
    return node.value is True
