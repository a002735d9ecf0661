"""The contract of a notifier."""

from __future__ import annotations

from upheld.testing.kit.notifier_after import Afterwards
from upheld.testing.kit.notifier_sending import Sending


class NotifierContract(Sending, Afterwards):
    """All that a notifier is held to. Inherit it, name the ``plugin``, give it a ``remote``."""
