"""The assertions of each kind."""

from __future__ import annotations

from upheld.testing.kit.feed_list import FEED
from upheld.testing.kit.grade import Assertion, Kind
from upheld.testing.kit.notifier_list import CONVERSATION, NOTIFIER
from upheld.testing.kit.probe_list import PROBE
from upheld.testing.kit.tracker_list import TRACKER


def assertions(kind: Kind) -> tuple[Assertion, ...]:
    """Everything that a plugin of this kind is held to, in the order of its list."""
    return {
        Kind.TRACKER: TRACKER,
        Kind.NOTIFIER: NOTIFIER,
        Kind.CONVERSATION: CONVERSATION,
        Kind.PROBE: PROBE,
        Kind.FEED: FEED,
    }[kind]
