"""``decide`` for an advisory (P-11): one item for each system that it concerns, closed by its version.

The systems report what they run. One that runs something older than what the advisory is fixed in gets a
case of its own, whose rules tell people, also of what is not applied in time; the version that it reports
then closes it. Withdrawn, an advisory closes what it opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from upheld.case.decision import Decision, Deed, Listing, OpenCase, Subject, Tell
from upheld.case.events import (
    UPHELD,
    Body,
    Closed,
    Event,
    Opened,
    Provided,
    Raised,
    Reported,
    Resolved,
)
from upheld.case.opening import opening
from upheld.case.version import older
from upheld.engine.terms import Terms

SOURCE: Final = "advisory"
OPEN: Final = "open"
WITHDRAWN: Final = "withdrawn"
#: What `_raise` of the records puts behind the id of an opening.
_RAISED: Final = "#raised"


@dataclass(slots=True)
class _Memory:
    """``cases`` by monitor, of those that are open; ``asked`` are the openings that are not answered yet."""

    cases: dict[str, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    withdrawn: bool = False

    @classmethod
    def read(cls, state: Mapping[str, Any] | None) -> _Memory:
        kept = dict(state or {})
        return cls(
            dict(kept.get("cases", {})), dict(kept.get("asked", {})), kept.get("withdrawn", False)
        )

    def write(self) -> dict[str, Any]:
        return {"cases": self.cases, "asked": self.asked, "withdrawn": self.withdrawn}


def decide_advisory(terms: Terms, subject: Subject, event: Event) -> Decision:  # noqa: ARG001
    """What a version, or its withdrawal, means for an advisory."""
    facts = (*subject.facts, event)
    advised = opening(facts)
    memory = _Memory.read(subject.state)
    deeds: list[Deed] = []
    match event.body:
        case Raised(case=case):
            monitor = memory.asked.pop(event.id.removesuffix(_RAISED), None)
            if monitor is not None:
                memory.cases[monitor] = case
        case Closed(reason=reason):
            memory.withdrawn = True
            for case in memory.cases.values():
                deeds += _over(subject, event, case, f"the advisory is withdrawn: {reason}")
            memory.cases.clear()
        case Reported() if advised is not None and not memory.withdrawn:
            deeds += _reported(subject, event, event.body, advised, memory)
    return Decision(
        state=memory.write(),
        deeds=tuple(deeds),
        listing=Listing(
            status=WITHDRAWN if memory.withdrawn else OPEN,
            title=advised.subject if advised else "",
            opened=facts[0].at,
        ),
    )


def _reported(
    subject: Subject, event: Event, told: Reported, advised: Opened, memory: _Memory
) -> list[Deed]:
    fixed_in = advised.version or ""
    case = memory.cases.get(told.monitor)
    if older(told.version, fixed_in):
        if case is not None or told.monitor in memory.asked.values():
            return []
        deed = _item(subject, event, told, advised)
        memory.asked[deed.opening.id] = told.monitor
        return [deed]
    if case is None:
        return []
    del memory.cases[told.monitor]
    return _over(subject, event, case, f"{told.monitor} reports {told.version}")


def _item(subject: Subject, event: Event, told: Reported, advised: Opened) -> OpenCase:
    """The item of one system."""
    key = f"{subject.id}/{event.id}/opens"
    product, fixed_in = advised.product, advised.version
    lines = [
        f"{told.monitor} runs {product} {told.version}; the advisory is fixed in {fixed_in}.",
        "It is closed by itself as soon as the system reports that version.",
        *([advised.text] if advised.text else []),
    ]
    opened = Opened(
        source=SOURCE,
        subject=f"{advised.subject}: {told.system or told.monitor} runs {product} {told.version}",
        text="\n".join(lines),
        customer=told.customer,
        product=product,
        version=told.version,
        nature="automatic",  # nobody wrote it: nobody is thanked for it
        enforced_from=event.at if advised.enforced_from is not None else None,
    )
    bodies: list[Body] = [
        Provided("advisory", advised.subject),
        Provided("fixed_in", fixed_in or ""),
        Provided("monitor", told.monitor),
        *([Provided("system", told.system)] if told.system else []),
    ]
    facts = tuple(
        Event(f"{key}#{index}", event.at, event.seen, UPHELD, body)
        for index, body in enumerate(bodies)
    )
    return OpenCase(Event(key, event.at, event.seen, UPHELD, opened), opened, facts)


def _over(subject: Subject, event: Event, case: str, why: str) -> list[Deed]:
    bodies: tuple[Body, ...] = (Resolved("fix", why), Closed(why))
    return [
        Tell(
            case,
            Event(f"{subject.id}/{event.id}/{body.kind}", event.at, event.seen, UPHELD, body),
        )
        for body in bodies
    ]
