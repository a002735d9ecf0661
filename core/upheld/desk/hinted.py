"""Items of which less came in than there is: they are read by their id."""

from __future__ import annotations

from typing import TypeGuard

from upheld.plugin import Inbound, RemoteCase, Touched


def is_hint(item: Inbound) -> TypeGuard[Touched | RemoteCase]:
    """Whether there is more to an item than what came in."""
    if isinstance(item, RemoteCase):
        return item.history is None or item.comments is None
    return isinstance(item, Touched)
