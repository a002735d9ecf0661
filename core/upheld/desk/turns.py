"""A monitor turns: what its decider has to know of the cases around it is put on the fact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from upheld.case.decision import Decision, Subject
from upheld.case.events import Event, Raised, Turned
from upheld.case.state import Status
from upheld.desk.records import Records
from upheld.ledger import Transaction


@dataclass(frozen=True, slots=True)
class Turns:
    """Records turns of state. ``backups`` names, by monitor, those that stand in for it."""

    records: Records
    backups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def take(self, tx: Transaction, name: str, subject: str, event: Event) -> Decision | None:
        """Record a ``Turned`` of the monitor ``name``, with its case and how its backups do; None where it
        was recorded before."""
        assert isinstance(event.body, Turned)
        case, resolved = open_case(tx, tx.subject(subject))
        told = replace(
            event.body,
            open_case=case,
            resolved=resolved,
            backups=self._doing(tx, self.backups.get(name, ())),
            backs=self._case_ahead(tx, name),
        )
        return self.records.add(tx, subject, replace(event, body=told))

    def _doing(self, tx: Transaction, names: Iterable[str]) -> dict[str, str]:
        return {row.name: row.stands.value for row in tx.monitors(tuple(names))}

    def _case_ahead(self, tx: Transaction, name: str) -> str | None:
        """The open case of the monitor for which this one stands in."""
        ahead = [primary for primary, names in self.backups.items() if name in names]
        cases = (open_case(tx, tx.subject(row.subject))[0] for row in tx.monitors(ahead))
        return next((case for case in cases if case is not None), None)


def open_case(tx: Transaction, monitor: Subject) -> tuple[str | None, bool]:
    """The case that a monitor opened last, unless it is closed; and whether it is resolved."""
    raised = [fact.body.case for fact in monitor.facts if isinstance(fact.body, Raised)]
    status = tx.case(raised[-1]).status if raised else Status.CLOSED
    if status == Status.CLOSED:
        return None, False
    return raised[-1], status == Status.RESOLVED
