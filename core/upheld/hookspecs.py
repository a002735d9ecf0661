"""The three hooks. Hooks register and observe; behaviour lives in the classes a plugin brings.

An implementation may take fewer arguments than its hook has; hooks grow by arguments alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pluggy

from upheld.plugin import Connection, Intake, Probe, Proposal, Value

hookspec: Final = pluggy.HookspecMarker("upheld")


@hookspec
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    """The classes that this plugin brings: trackers, notifiers, probes. Called once, at loading."""
    raise NotImplementedError


@hookspec
def upheld_classify(case: Intake) -> Proposal | None:
    """Propose a severity, flags or an outcome for what came in; None has no opinion.

    Called at intake, outside the decision: it may look things up. What it answers is put on the
    case as an event, so that it is never asked again for the same case.
    """
    raise NotImplementedError


@hookspec
def upheld_event(event: Mapping[str, Value]) -> None:
    """Observe an event after it was committed; what an observer raises changes nothing.

    The mapping is read-only: ``subject``, ``seq``, ``kind``, ``at`` and the event's own values.
    """
    raise NotImplementedError
