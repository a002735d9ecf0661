"""What is proposed for a new case: by the policy, then by the classifiers of plugins.

Plugins are asked outside of any decision, one by one and each with a hard stop; what they answer is kept on
the case as an event, and what goes wrong as a note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeAlias

from upheld.calendar.instant import SECOND, Instant, Span
from upheld.case.events import UPHELD, Body, Event, Noted, Opened, Proposed, Provided
from upheld.case.opening import opening
from upheld.desk.systems import of_facts
from upheld.engine.classify import propose, reads
from upheld.logs import logger
from upheld.plugin import Intake as Asked
from upheld.plugin import PluginError, Proposal
from upheld.policy.model import Policy
from upheld.policy.names import outcomes_of
from upheld.registry import Registry
from upheld.seam import Hung, timed

Fields: TypeAlias = Mapping[str, str]
#: A case waits so long for one classifier. They are asked in the transaction that opens it.
PATIENCE: Final[Span] = 5 * SECOND
#: So many calls that hung, and it is asked no more until the next start.
_WRITTEN_OFF: Final = 3


@dataclass(frozen=True, slots=True)
class Classifiers:
    """The plugins that classify, and how often each of them hung."""

    registry: Registry | None = None
    hung: Counter[str] = field(default_factory=Counter)

    def ask(self, asked: Asked) -> Iterator[tuple[str, Proposal | str]]:
        """Each plugin with its proposal, or with what went wrong."""
        for name in self.registry.classifiers if self.registry else ():
            if self.hung[name] < _WRITTEN_OFF:
                yield from ((name, answer) for answer in self._answers(name, asked))

    def _answers(self, name: str, asked: Asked) -> Iterator[Proposal | str]:
        assert self.registry is not None
        try:
            answered = timed(name, partial(self.registry.classify, asked, name), PATIENCE)
        except PluginError as error:
            yield self._hangs(name, error.what) if isinstance(error, Hung) else error.what
            return
        yield from (problem.what for problem in answered.problems)
        yield from answered.proposals.values()

    def _hangs(self, name: str, what: str) -> str:
        self.hung[name] += 1
        last = self.hung[name] >= _WRITTEN_OFF
        return (
            f"{what}, {_WRITTEN_OFF} times: it is asked no more until the next start"
            if last
            else what
        )


def proposals(
    policy: Policy, classifiers: Classifiers, opened: Opened, at: Instant, events: Iterable[Event]
) -> Iterator[Body]:
    """The policy's proposal, then those of plugins: what they set overrides it.

    ``events`` are what came with the opening: the fields in them are looked at. Nobody is asked of what was
    there before: ten thousand times their patience is days.
    """
    events = tuple(events)
    yield propose(policy, opened, at, fields(events), of_facts(events))
    if opened.enforced_from is None:
        return
    asked = Asked(
        opened.source, opened.subject, opened.text, opened.customer, opened.plan, opened.product
    )
    for plugin, answer in classifiers.ask(asked):
        yield from _taken(policy, plugin, answer)


def news(
    policy: Policy, opened: Opened, at: Instant, before: Fields, after: Fields
) -> Proposed | None:
    """What the policy proposes otherwise once fields of the case are others; None where that is nothing."""
    old, new = propose(policy, opened, at, before), propose(policy, opened, at, after)
    changed = {
        name: getattr(new, name)
        for name in ("severity", "outcome", "case_kind", "product", "version")
        if getattr(new, name) != getattr(old, name)
    }
    flags = tuple(flag for flag in new.flags if flag not in old.flags)
    if not flags and not any(changed.values()):
        return None
    return Proposed(flags=flags, rule=new.rule, reason=new.reason, **changed)


def anew(policy: Policy, facts: Iterable[Event], event: Event) -> Event | None:
    """What the policy proposes otherwise since ``event``, one of the case's ``facts``, recorded a field."""
    ordered = sorted(facts, key=lambda fact: fact.order)
    began = next((fact.at for fact in ordered if isinstance(fact.body, Opened)), None)
    said = opening(ordered)
    recorded = isinstance(event.body, Provided) and event.body.item in reads(policy)
    if began is None or said is None or not recorded:
        return None
    before, after = fields(fact for fact in ordered if fact.id != event.id), fields(ordered)
    body = news(policy, said, began, before, after)
    if body is None:
        return None
    return Event(f"{event.id}#proposed", event.at, event.seen, UPHELD, body)


def fields(events: Iterable[Event]) -> Fields:
    """The fields among what came in."""
    bodies = (event.body for event in events)
    return {body.item: body.value for body in bodies if isinstance(body, Provided)}


def _taken(policy: Policy, plugin: str, answer: Proposal | str) -> Iterator[Body]:
    if isinstance(answer, str):
        yield _told(plugin, answer)
        return
    kept = Proposed(
        severity=answer.severity if answer.severity in policy.severities else None,
        flags=tuple(flag for flag in answer.flags if flag in policy.needs.flags),
        outcome=answer.outcome if answer.outcome in outcomes_of(policy) else None,
        rule=plugin,
        reason=answer.reason,
        case_kind=answer.kind if answer.kind in policy.kinds else None,
    )
    named = (answer.severity, answer.flags, answer.outcome, answer.kind)
    if (kept.severity, kept.flags, kept.outcome, kept.case_kind) != named:
        yield _told(plugin, f"policy {policy.name!r} has not all that it proposes: {answer!r}")
    yield kept


def _told(plugin: str, what: str) -> Noted:
    logger().error("classifier_failed", plugin=plugin, error=what)
    return Noted(f"[classifier {plugin}] {what}")
