"""The contract of a tracker."""

from __future__ import annotations

from upheld.testing.kit.tracker_agree import Agreement
from upheld.testing.kit.tracker_comments import Comments
from upheld.testing.kit.tracker_create import Creation
from upheld.testing.kit.tracker_cursor import Cursor
from upheld.testing.kit.tracker_failure import Failures
from upheld.testing.kit.tracker_fields import Fields
from upheld.testing.kit.tracker_site import InTheSite
from upheld.testing.kit.tracker_status import Statuses
from upheld.testing.kit.tracker_webhooks import Webhooks


class TrackerContract(
    Creation,
    Fields,
    Cursor,
    Comments,
    Statuses,
    Failures,
    Webhooks,
    InTheSite,
    Agreement,
):
    """All that a tracker is held to. Inherit it, name the ``plugin``, give it a ``remote``."""
