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
    """Propose a severity, flags, a kind or an outcome for what came in; None has no opinion.

    Called at intake, outside the decision: it may look things up. What it answers is put on the
    case as an event, so that it is never asked again for the same case.
    """
    raise NotImplementedError


@hookspec
def upheld_event(event: Mapping[str, Value]) -> None:
    """Observe an event after it was committed; what an observer does or raises changes nothing.

    The mapping is read-only: ``subject`` (``C7``) and ``seq`` (its place in that subject's history),
    ``kind``, ``at`` and ``seen``, ``by`` and ``side`` (who did it), and the event's own values by
    name; the subject line of an ``opened`` is ``title``. Instants are aware datetimes in UTC, spans
    are microseconds.

    Best effort: each event at most once, one after the other in a thread of its own, mostly in
    order (``seq`` tells). An observer has five seconds for an event; after three calls that hung it
    is called no more until the next start. Nothing is shown by a process that is killed between
    commit and call, by one whose observers are a thousand commits behind (it is logged), or by a
    command that loads no plugins, such as ``upheld cases``. Whoever must miss nothing reads the ledger.
    """
    raise NotImplementedError
