"""Products, outcomes, kinds, tiers and desks from the head of a policy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from upheld.policy.catalogue import NONE, Clocks, OnReturn, Outcome, Product, Release, Standing
from upheld.policy.conditions import check_phrases
from upheld.policy.desks import DESK as THE_DESK
from upheld.policy.desks import Answers, Desk, Tier
from upheld.policy.reader import Node
from upheld.source import suggest

OUTCOME: Final = ("means", "clocks", "on_return", "text")
PRODUCT: Final = ("name", "words", "until", "beta", "versions")
RELEASE: Final = ("until", "beta")
TIER: Final = ("name", "answers")
DESK: Final = ("name", "tier", "calendar", "language", "queue", "people")


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


def read_tiers(node: Node) -> Mapping[str, Tier]:
    """The levels of support, the first of them first."""
    return {str(id_): _tier(str(id_), inside) for id_, inside in node.entries()}


def _tier(id_: str, node: Node) -> Tier:
    if not node.keys(TIER):
        return Tier(id_, id_)
    answers = node.at("answers").one_of(Answers, Answers, Answers.CUSTOMER)
    return Tier(id_, node.at("name").text(id_), answers)


def read_desks(node: Node, known: Mapping[str, Collection[str]]) -> Mapping[str, Desk]:
    """The desks; ``known`` are the names that they may use, by the key under which they do.

    A case without a desk of its own begins with the first.
    """
    for names in known.values() if node.value else ():
        if THE_DESK in names:
            node.wrong("`desk` is the one that has the case", "call the role or calendar otherwise")
    return {str(id_): _desk(str(id_), inside, known) for id_, inside in node.entries()}


def _desk(id_: str, node: Node, known: Mapping[str, Collection[str]]) -> Desk:
    if not node.keys(DESK):
        return Desk(id_, id_, "", "")
    for key, names in known.items():
        said = node.at(key).maybe()
        if said and said not in names:
            node.at(key).wrong(f"there is no such name: {said!r}", suggest(said, names))
    return Desk(
        id_,
        name=node.at("name").text(id_),
        tier=node.needed("tier"),
        calendar=node.needed("calendar"),
        language=node.at("language").maybe(),
        queue=node.at("queue").maybe(),
        people=node.at("people").maybe(),
    )


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
