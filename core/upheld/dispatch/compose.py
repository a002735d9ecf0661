"""The words of a message: templates, filled with what is known now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from upheld.calendar.instant import HOUR, MINUTE, Instant, Span, moment
from upheld.case.decision import Purpose, Withdrawal
from upheld.case.events import (
    CallLogged,
    CustomerMessage,
    Event,
    Held,
    Opened,
    PublicReply,
    Resolved,
    Unread,
    Watched,
    Worked,
)
from upheld.config.model import SolutionEntry
from upheld.desk.defects import DEFECT, FIXED
from upheld.dispatch.brake import AUTOMATIC
from upheld.dispatch.bundle_words import as_many_as_fit
from upheld.dispatch.forms import answers, template
from upheld.dispatch.handover_words import handover
from upheld.dispatch.offers import links
from upheld.dispatch.templates import Templates, Written
from upheld.dispatch.window_words import window
from upheld.engine.case import Life
from upheld.engine.desks import speaking
from upheld.engine.fold import deeds
from upheld.ledger import WITHDRAW, Delivery, ListedCase, OutboxItem
from upheld.plugin import Channel, Outgoing, Urgency
from upheld.policy.catalogue import Clocks, product_of
from upheld.policy.model import Policy

_WAKES: Final = frozenset({Purpose.PAGE, Purpose.CALL})
#: Comes after all severities.
_LEAST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Known:
    """All that a message may speak of. ``life`` is None for a referral, which has no case;
    ``since`` is set for a status: what happened after it is told; ``handed`` are the cases that still
    wait for whoever came on duty; ``paused`` is the pause of the monitor that the case is about."""

    item: OutboxItem
    policy: Policy
    life: Life | None
    facts: tuple[Event, ...]
    opened: Opened
    site: str
    links: Mapping[str, str]
    customer_name: str
    people: Mapping[str, str]
    solutions: Sequence[SolutionEntry] = ()
    since: Instant | None = None
    url: str | None = None
    handed: Sequence[ListedCase] = ()
    paused: tuple[Event, Held] | None = None


def in_order(told: Sequence[Known]) -> Sequence[Known]:
    """The most urgent case first, then the oldest."""
    return sorted(told, key=_urgency)


def _urgency(known: Known) -> tuple[int, Instant]:
    if known.life is None:
        return _LEAST, known.item.due
    state = known.life.state
    return state.acting_severity or _LEAST, state.opened_at


def purpose_of(item: OutboxItem) -> Purpose:
    """What a message is for; a withdrawal that is told in words stands people down."""
    return Purpose.STAND_DOWN if item.purpose == WITHDRAW else Purpose(item.purpose)


class Composer:
    """Writes messages. Templates can't reach anything but the values they are handed."""

    def __init__(self, folder: Path | None = None) -> None:
        self._templates = Templates(folder)

    def compose(
        self,
        known: Known,
        delivery: Delivery,
        *,
        zone: str,
        language: str,
        thread: str,
        reply_to: tuple[str, ...],
        others: Sequence[Known] = (),
    ) -> Outgoing:
        """The message of a delivery, in the reader's language and zone; it tells of ``others`` too."""
        purpose = purpose_of(known.item)
        told = in_order((known, *others))
        name = template(purpose, delivery.channel, several=len(told) > 1)
        values = [_values(each, delivery, ZoneInfo(zone)) for each in told]
        mail = delivery.channel == Channel.MAIL
        above = _is_sent_on(known, delivery)

        def written(count: int) -> Written:
            own = {**values[0], "count": len(told), "cases": values[:count], "more": values[count:]}
            found = known.item.template or name
            return self._templates.written(
                found, known.policy.name, language, own, html=mail, above=above
            )

        letter = as_many_as_fit(written, len(told), delivery.channel)
        return Outgoing(
            thread=thread,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            urgency=Urgency.HIGH if purpose in _WAKES else Urgency.LOW,
            spoken=letter.text if _is_said(purpose, delivery) else None,
            answers=answers(purpose, "" if others else _number(known)),
            url=next((each.url for each in told if each.url), None),
            reply_to=reply_to,
            automatic=purpose in AUTOMATIC,
        )

    def knows(self, name: str) -> bool:
        """Whether there is a template of this name."""
        return self._templates.knows(name)


def _values(known: Known, delivery: Delivery, zone: ZoneInfo) -> dict[str, Any]:
    facts = known.item.facts
    return {
        "case": _case(known, zone),
        "recipient": {"name": delivery.recipient_name},
        "policy": {"name": known.policy.name, "published_by": known.policy.published_by},
        "clauses": _sentences(known),
        "links": links(known.item, known.links),
        "solutions": [{"title": each.title, "url": each.url} for each in known.solutions],
        "outcome": _outcome(known),
        "product": _product(known),
        "system": _system(known),
        "desk": _desk(known),
        "defect": _defect(known),
        "missing": [str(each).replace("_", " ") for each in facts.get("missing", ())],
        "late": _length(known.item.late) if known.item.late else "",
        "unread": _unread(known, zone),
        "outage": _outage(known, zone),
        "update": _update(known, zone),
        "handover": handover(known.item, known.handed, known.people, zone),
        "window": window(known.item, known.opened.customer, zone),
        "text": str(facts.get("text", "")),
        "why": known.item.why or "",
        "by": _by(known),
        "channel": delivery.channel,
        "site": known.site,
    }


def _case(known: Known, zone: ZoneInfo) -> dict[str, Any]:
    life = known.life
    if life is None:
        title = _line(known.opened.subject)
        whose = {"customer_name": known.customer_name}
        return {"id": known.item.subject, "title": title, "number": "", **whose}
    state = life.state
    level = state.acting_severity
    severity = known.policy.severities.get(level) if level is not None else None
    return {
        "id": known.item.subject,
        "number": state.number or "",
        "title": _line(state.opened.subject),
        "text": state.opened.text,
        "severity": level,
        "severity_name": severity.name if severity else "",
        "proposed": state.severity is None,
        "opened": _time(state.opened_at, zone),
        "status": state.status.value.replace("_", " "),
        "queue": state.queue or "",
        "assignee": _named(known, state.assignee or ""),
        "customer_name": known.customer_name,
        "reporter": state.opened.reporter_name or state.opened.reporter,
    }


def _outcome(known: Known) -> dict[str, Any]:
    """What the case turned out to be; empty names where it is a problem to solve."""
    state = known.life.state if known.life else None
    outcome = known.policy.outcomes.get(state.outcome or "") if state else None
    judged = state.judged if state else None
    return {
        "name": (state.outcome if state else None) or "",
        "means": outcome.means if outcome else "",
        "text": outcome.text if outcome else "",
        "stops": outcome is not None and outcome.clocks is Clocks.STOP,
        "reason": judged.reason if judged else "",
        "about": judged.about if judged else "",
    }


def _defect(known: Known) -> dict[str, str]:
    """The defect that the case waits for, and what was said as it was fixed."""
    fields = known.life.state.fields if known.life else {}
    return {"id": fields.get(DEFECT, ""), "fixed": fields.get(FIXED, "")}


def _system(known: Known) -> dict[str, str]:
    """Which system the case is about, and whether an agreement covers it; ``until`` when."""
    found = known.life.state.entitlement if known.life else None
    if found is None:
        return {"name": "", "standing": "", "until": ""}
    return {"name": found.system, "standing": found.standing.value, "until": found.day}


def _desk(known: Known) -> str:
    """What the desk is called that the customer hears from; empty where the policy has none."""
    desk = speaking(known.policy, known.life.state) if known.life else None
    return desk.name if desk else ""


def _product(known: Known) -> dict[str, str]:
    """What the case is about, as the policy's list has it; ``until`` is the last day of its support."""
    state = known.life.state if known.life else None
    product = product_of(known.policy.products, state.product) if state else None
    end = product.end(state.version) if product and state else None
    return {
        "name": product.name if product else (state and state.product) or "",
        "version": (state and state.version) or "",
        "standing": (state and state.standing) or "",
        "until": end.isoformat() if end else "",
    }


def _sentences(known: Known) -> list[dict[str, str]]:
    wanted = set(known.item.clauses)
    return [
        {"id": clause.id, "says": clause.published}
        for clause in known.policy.clauses
        if clause.id in wanted
    ]


def _update(known: Known, zone: ZoneInfo) -> dict[str, Any]:
    """What a status says: who works on it, what happened since the last, when the next comes."""
    if known.life is None:
        return {}
    next_at = known.item.facts.get("next_at")
    state = known.life.state
    return {
        "working": _working(known) if state.worked_at is not None else "",
        "since_last": [
            {"at": _time(fact.at, zone), "text": said}
            for fact in _since(known)
            if (said := _said(fact, known.people))
        ],
        "next_at": _time(int(next_at), zone) if next_at else "",
    }


def _outage(known: Known, zone: ZoneInfo) -> dict[str, Any]:
    """What is watched, how it stands and since when; an empty name where nothing is."""
    told = dict(known.item.facts)
    watched = known.life.state.watched if known.life else None
    if watched is not None:
        told = {"monitor": watched.monitor, "state": watched.state, "since": watched.since}
        told |= {"detail": watched.detail, "backups": watched.backups}
    since = told.get("since")
    return {
        "name": told.get("monitor", ""),
        "state": told.get("state", ""),
        "since": _time(int(since), zone) if since is not None else "",
        "detail": _line(told.get("detail", "")),
        "recent": [str(line) for line in told.get("recent", ())],
        "backups": [{"name": n, "state": s} for n, s in told.get("backups", {}).items()],
        "paused": _paused(known, zone),
    }


def _paused(known: Known, zone: ZoneInfo) -> dict[str, str]:
    """Since when nobody reads it, until when ("": nobody said), and who said so."""
    if known.paused is None:
        return {}
    fact, pause = known.paused
    return {
        "since": _time(fact.at, zone),
        "until": "" if pause.until is None else _time(pause.until, zone),
        "by": _named(known, fact.actor.id),
    }


def _unread(known: Known, zone: ZoneInfo) -> str:
    """Since when the case's tracker had not been read as the message fell due; "" where it was."""
    unread = [
        fact.body
        for fact in known.facts
        if isinstance(fact.body, Unread) and known.item.due <= fact.at <= known.item.created
    ]
    if not unread:
        return ""
    since = unread[0].since
    return "it was connected" if since is None else _time(since, zone)


def _since(known: Known) -> list[Event]:
    """Facts after the last status and until this one, as they happened."""
    since, until = known.since, known.item.due
    if since is None:
        return []
    return sorted((f for f in known.facts if since < f.at <= until), key=lambda fact: fact.order)


def _named(known: Known, who: str) -> str:
    """A person by their name, a role by what the policy calls it."""
    return known.people.get(who) or known.policy.roles.get(who, who)


def _working(known: Known) -> str:
    """The person of ours who did something for the case last."""
    workers = [fact.actor.id for fact in known.facts if deeds(fact)]
    return known.people.get(workers[-1], workers[-1]) if workers else ""


def _by(known: Known) -> str:
    """Of a stand-down: who answered the page, or works on the case."""
    if known.item.why == Withdrawal.ACKNOWLEDGED:
        return _named(known, str(known.item.facts["by"]))
    return _working(known) if known.item.why == Withdrawal.WORKED else ""


def _said(fact: Event, people: Mapping[str, str]) -> str:
    """A public sentence about a fact; "" for what is internal."""
    who = people.get(fact.actor.id, fact.actor.id)
    say = _PUBLIC.get(type(fact.body))
    return say(who, fact.body) if say else ""


def _resolved(who: str, body: Resolved) -> str:
    return f"{who} resolved it: {body.text}" if body.text else f"{who} resolved it"


def _watched(_who: str, body: Watched) -> str:
    told = _READS.get(body.state, "")
    return f"{body.monitor} {told}" if told else ""


#: How a monitor stands, in a sentence; what can't be read is nothing that happened.
_READS: Final[Mapping[str, str]] = {
    "up": "answers again",
    "degraded": "answers, but not well",
    "down": "does not answer",
}
_PUBLIC: Final[Mapping[type, Callable[[str, Any], str]]] = {
    Watched: _watched,
    PublicReply: lambda who, body: f"{who} wrote: {body.text}",
    CallLogged: lambda who, _body: f"{who} spoke with you",
    Worked: lambda who, _body: f"{who} began to work on it",
    Resolved: _resolved,
    CustomerMessage: lambda _who, _body: "you wrote to us",
}


def _is_sent_on(known: Known, delivery: Delivery) -> bool:
    """Whether an answer to it goes to the customer: ours, who are written to about a case."""
    mail = delivery.channel == Channel.MAIL
    return mail and known.life is not None and delivery.recipient in known.people


def _is_said(purpose: Purpose, delivery: Delivery) -> bool:
    return purpose is Purpose.CALL or delivery.channel == Channel.VOICE


def _number(known: Known) -> str:
    return (known.life.state.number if known.life else None) or known.item.subject


def _line(text: str) -> str:
    return " ".join(text.split())


def _time(at: Instant, zone: ZoneInfo) -> str:
    local: datetime = moment(at).astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


def _length(span: Span) -> str:
    hours, minutes = divmod(span // MINUTE, HOUR // MINUTE)
    return (
        f"{hours} h {minutes} min"
        if hours and minutes
        else f"{hours} h"
        if hours
        else f"{minutes} min"
    )
