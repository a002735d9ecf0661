"""What a case can be about and turn out to be: products with their ends, outcomes. Data only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, TypeAlias

from upheld.policy.words import mentions, own_words

#: What ``outcome: none`` asks for, so that no outcome is called so.
NONE: Final = "none"


class OnReturn(StrEnum):
    """What a clock does when the outcome that stopped it is taken back."""

    CONTINUE = "continue"
    NEW_CYCLE = "new_cycle"


class Clocks(StrEnum):
    """What an outcome does to the clocks of its case while it holds."""

    RUN = "run"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a case is instead of a problem to solve; ``text`` is what the customer is told of it."""

    name: str
    means: str = ""
    clocks: Clocks = Clocks.RUN
    on_return: OnReturn = OnReturn.CONTINUE
    text: str = ""


class Standing(StrEnum):
    """Whether a product is supported on a day."""

    SUPPORTED = "supported"
    BETA = "beta"
    DISCONTINUED = "discontinued"
    UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class Release:
    """A version of a product. ``until`` is its last day of support; None has none."""

    version: str
    until: date | None = None
    beta: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """Something that is supported. ``words`` are what customers call it; ``until`` is the last day
    for all versions that have none of their own."""

    id: str
    name: str
    words: tuple[str, ...] = ()
    until: date | None = None
    beta: bool = False
    releases: tuple[Release, ...] = ()

    def release(self, version: str | None) -> Release | None:
        """The release that a version belongs to: ``3.0.2`` to ``3.0``, where that is listed."""
        parts = (version or "").split(".")
        for length in range(len(parts), 0, -1):
            known = ".".join(parts[:length])
            for release in self.releases:
                if release.version == known:
                    return release
        return None

    def end(self, version: str | None) -> date | None:
        """The last day on which a version is supported."""
        release = self.release(version)
        return (release and release.until) or self.until


Products: TypeAlias = Mapping[str, Product]
_VERSION: Final = re.compile(r"(?<![\w.])v?(\d+(?:\.\d+)*[\w-]*)(?!\.?\w)", re.IGNORECASE)


def product_of(products: Products, named: str | None) -> Product | None:
    """The product that goes by this name or id, in any case."""
    wanted = (named or "").casefold()
    return next(
        (
            each
            for each in products.values()
            if wanted in {each.id.casefold(), each.name.casefold()}
        ),
        None,
    )


def standing(
    products: Products, named: str | None, version: str | None, day: date
) -> Standing | None:
    """Whether what a case is about is supported on ``day``; None where no product is known."""
    if named is None:
        return None
    product = product_of(products, named)
    if product is None:
        return Standing.UNLISTED
    end, release = product.end(version), product.release(version)
    if end is not None and day > end:
        return Standing.DISCONTINUED
    if release is None and version and product.releases:
        return Standing.UNLISTED
    beta = product.beta if release is None else release.beta
    return Standing.BETA if beta else Standing.SUPPORTED


def recognised(products: Products, text: str) -> tuple[str | None, str | None]:
    """Product and version that a text speaks of; None for what it says not, or says twice."""
    found = [each for each in products.values() if any(mentions(text, w) for w in each.words)]
    if len(found) != 1:
        return None, None
    versions = set(_versions(found[0], own_words(text)))
    return found[0].id, versions.pop() if len(versions) == 1 else None


def _versions(product: Product, text: str) -> Iterator[str]:
    for said in _VERSION.findall(text):
        if product.release(said) is not None:
            yield said
