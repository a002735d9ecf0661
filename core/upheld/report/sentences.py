"""What happened, as a support manager would say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from upheld.calendar.instant import DAY, HOUR, MINUTE, SECOND, Span
from upheld.case.decision import Purpose
from upheld.case.events import VerdictGiven
from upheld.policy.model import Do, Verb
from upheld.report.messages import Message, Outcome

_NOUNS: Final[Mapping[str, str]] = {
    Purpose.PAGE: "page",
    Purpose.CALL: "call",
    Purpose.STATUS: "status",
    Purpose.ACK: "acknowledgement",
    Purpose.TICKET_NUMBER: "ticket number",
    Purpose.NOTIFY: "notice",
    Purpose.MAIL: "mail",
    Purpose.FORWARD: "forwarded",
    Purpose.REFERRAL: "referral",
    Purpose.ASK: "question",
    Purpose.QUESTION: "question",
    Purpose.COMMENT: "comment",
    Purpose.ANSWER: "answer to a verb",
    Purpose.REPLY: "reply",
    Purpose.STAND_DOWN: "stand-down",
}
_ENDS: Final[Mapping[Outcome, str]] = {
    Outcome.REACHED: "",
    Outcome.NOT_REACHED: " reached nobody",
    Outcome.NOT_WANTED: " was not sent",
    Outcome.UNDER_WAY: " is still under way",
    Outcome.SHADOW: " would have gone; shadow: nothing left",
}
_UNITS: Final = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s"))


def _set(do: Do) -> str:
    named = (("severity", do.severity), ("outcome", do.outcome), ("kind", do.kind))
    said = [f"{what} set to {value}" for what, value in named if value is not None]
    return " and ".join([*said, *([f"{do.flag} flagged"] if do.flag else [])])


_DONE: Final[Mapping[Verb, Callable[[Do], str]]] = {
    Verb.ASSIGN: lambda do: (
        f"put in the queue {do.queue}" if do.queue else f"assigned to {do.to[0]}"
    ),
    Verb.SET: _set,
    Verb.NOTE: lambda do: f"noted: {do.text}",
    Verb.CLOSE: lambda _do: "closed",
    Verb.ESCALATE: lambda do: f"escalated to {do.to[0] if do.to else do.queue}",
}


def length(span: Span) -> str:
    """A span in its two largest units: ``2 h 5 min``; ``0 s`` for less than a second."""
    parts = []
    for size, unit in _UNITS:
        many, span = divmod(span, size)
        if many:
            parts.append(f"{many} {unit}")
    return " ".join(parts[:2]) or "0 s"


def message(sent: Message) -> str:
    """Who was told what, and whether it reached them."""
    people = dict.fromkeys(each.recipient_name or each.recipient for each in sent.deliveries)
    whom = ", ".join(people or sent.item.to or [sent.item.connection or "nobody"])
    noun = _NOUNS.get(sent.item.purpose, sent.item.purpose)
    outcome = sent.outcome
    why = f": {sent.why}" if sent.why and outcome in _EXPLAINED else ""
    return f"{noun} to {whom}{_ENDS[outcome]}{why}"


_EXPLAINED: Final = frozenset({Outcome.NOT_REACHED, Outcome.NOT_WANTED})


def deed(do: Do) -> str | None:
    """What a rule did to the case itself; None where it does nothing to it."""
    say = _DONE.get(do.verb)
    return say(do) if say else None


def verdict(body: VerdictGiven, target: str) -> str:
    """How a target was met or missed."""
    what = target.replace("_", " ")
    if body.met_at is None:
        said = f"no {what} by the time it was due"
    elif body.verdict == "met":
        said = f"{what} given in time, {length(body.due - body.met_at)} before it was due"
    else:
        said = f"{what} {length(body.met_at - body.due)} too late"
    return f"{said}; late news corrected it from {body.corrects}" if body.corrects else said
