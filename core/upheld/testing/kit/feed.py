"""The contract of a feed: a connection that takes readings from those who watch already."""

from __future__ import annotations

from upheld.testing.kit.feed_proof import Proof
from upheld.testing.kit.feed_readings import Readings


class FeedContract(Readings, Proof):
    """All that a feed is held to. Inherit it, name the ``plugin``, give it a ``remote``."""
