"""What ships for tests, ours and third parties': a clock to step, scripted connections, a context."""

from __future__ import annotations

from upheld.testing.clock import SteppedClock
from upheld.testing.context import RecordingLog, ScratchContext, make_context
from upheld.testing.notifier import ScriptedConfig, ScriptedNotifier, Sent
from upheld.testing.tracker import ScriptedTracker

__all__ = [
    "RecordingLog",
    "ScratchContext",
    "ScriptedConfig",
    "ScriptedNotifier",
    "ScriptedTracker",
    "Sent",
    "SteppedClock",
    "make_context",
]
