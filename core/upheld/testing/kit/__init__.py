"""The conformance kit: contracts that a plugin's tests inherit, and the far ends that they drive.

It needs pytest: ``pip install 'upheld[testing]'``. See docs/reference/conformance.md.
"""

from __future__ import annotations

from upheld.testing.kit.contract import Contract, exempted
from upheld.testing.kit.conversation import ConversationContract
from upheld.testing.kit.far_end import (
    COLLEAGUE,
    MACHINE,
    SOMEBODY,
    Call,
    FarEnd,
    Fault,
    Held,
    Lacking,
    Stored,
    TrackerFarEnd,
    without_network,
)
from upheld.testing.kit.feed import FeedContract
from upheld.testing.kit.feed_end import FeedFarEnd, Told
from upheld.testing.kit.grade import Assertion, Grade, Kind, Outcome, Shown
from upheld.testing.kit.listed import assertions
from upheld.testing.kit.notifier import NotifierContract
from upheld.testing.kit.notifier_end import (
    Arrived,
    ConversationFarEnd,
    Letter,
    NotifierFarEnd,
    Page,
    ProbeFarEnd,
    Weather,
)
from upheld.testing.kit.probe import ProbeContract
from upheld.testing.kit.proxy import FaultProxy
from upheld.testing.kit.tracker import TrackerContract
from upheld.testing.kit.verify import LIVE_VARIABLE

__all__ = [
    "COLLEAGUE",
    "LIVE_VARIABLE",
    "MACHINE",
    "SOMEBODY",
    "Arrived",
    "Assertion",
    "Call",
    "Contract",
    "ConversationContract",
    "ConversationFarEnd",
    "FarEnd",
    "Fault",
    "FaultProxy",
    "FeedContract",
    "FeedFarEnd",
    "Grade",
    "Held",
    "Kind",
    "Lacking",
    "Letter",
    "NotifierContract",
    "NotifierFarEnd",
    "Outcome",
    "Page",
    "ProbeContract",
    "ProbeFarEnd",
    "Shown",
    "Stored",
    "Told",
    "TrackerContract",
    "TrackerFarEnd",
    "Weather",
    "assertions",
    "exempted",
    "without_network",
]
