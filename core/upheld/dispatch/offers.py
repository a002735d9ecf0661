"""Solutions that are known: which of a site's fit what a customer wrote. Found when a message is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from upheld.case.events import Opened
from upheld.config.model import SolutionEntry
from upheld.ledger import OutboxItem
from upheld.policy.names import SOLUTIONS
from upheld.policy.words import mentions

#: More than these nobody reads.
AT_MOST: Final = 3

Solutions = Mapping[str, SolutionEntry]


def offered(item: OutboxItem, opened: Opened, solutions: Solutions) -> tuple[SolutionEntry, ...]:
    """What a message offers, the best first: that with the most words said."""
    if SOLUTIONS not in item.facts.get("offers", ()):
        return ()
    said = {name: _said(opened, each.words) for name, each in solutions.items()}
    best = sorted((name for name in said if said[name]), key=lambda name: -said[name])
    return tuple(solutions[name] for name in best[:AT_MOST])


def links(item: OutboxItem, known: Mapping[str, str]) -> dict[str, str]:
    """The pages that a message points to: those it names, else all."""
    offers: Sequence[str] = item.facts.get("offers", ())
    named = [*item.facts.get("links", ()), *(name for name in offers if name != SOLUTIONS)]
    wanted = named if named or offers else list(known)
    return {name: known[name] for name in wanted if name in known}


def _said(opened: Opened, words: Iterable[str]) -> int:
    text = f"{opened.subject}\n\n{opened.text}"
    return sum(mentions(text, word) for word in words)
