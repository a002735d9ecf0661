"""Verbs in a comment: what a first line `#hold 3d …` asks for. Pure.

Each verb is one of `upheld.desk.verbs`, with its words in the same order as on the command line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from upheld.calendar.instant import DAY, HOUR, MINUTE, Instant, instant
from upheld.errors import Refusal
from upheld.source import suggest

_LINE: Final = re.compile(r"#([A-Za-z][A-Za-z_-]*)(?:[ \t:]+(.*))?")
_QUOTED: Final = re.compile(r"[ \t]*(?:>|\|)")
_LAPSE: Final = re.compile(r"([0-9]{1,4})(m|h|d|w)(?:\s+|$)")
_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]([0-9]{2}:[0-9]{2}))?(?:\s+|$)")
_SPANS: Final = {"m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_OVERRIDE: Final = re.compile(r"(?:^|\s)--override[ =](.+)$", re.DOTALL)
#: What resolves a case, as its first word.
_SOLUTIONS: Final = ("fix", "workaround", "plan")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A verb as it was written, and the words behind it."""

    verb: str
    words: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: a method of ``upheld.desk.verbs.Verbs``, with what it takes."""

    method: str
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Moment:
    """When it was said, and on whose clocks."""

    at: Instant
    zone: str


@dataclass(frozen=True, slots=True)
class Usage:
    """How a verb is used, and what it does: one line of the reference page."""

    usage: str
    tells: str
    read: Callable[[str, Moment], Order]


def spoken(text: str, lines: Mapping[str, str] | None = None) -> Spoken | None:
    """The verb of a text's first line that is no quotation; None where it has none.

    ``lines`` are beginnings of a line that mean a verb on this connection.
    """
    own = [line for line in text.splitlines() if line.strip() and not _QUOTED.match(line)]
    if not own:
        return None
    first, rest = own[0].strip(), "\n".join(own[1:])
    for begin, verb in (lines or {}).items():
        if first.casefold().startswith(begin.casefold()):
            return Spoken(verb, _joined(first[len(begin) :], rest))
    found = _LINE.fullmatch(first)
    if found is None:
        return None
    return Spoken(found[1].lower().replace("_", "-"), _joined(found[2] or "", rest))


def order(said: Spoken, moment: Moment) -> Order:
    """What is to be done; ``Refusal`` says what is right where it was said wrongly."""
    usage = VERBS.get(said.verb)
    if usage is None:
        raise Refusal(f"there is no #{said.verb}", do_next=suggest(said.verb, VERBS))
    try:
        return usage.read(said.words, moment)
    except ValueError as error:
        what = f"#{said.verb} {error}" if str(error) else f"#{said.verb} needs more"
        raise Refusal(what, do_next=f"write {usage.usage}") from None


def _joined(first: str, rest: str) -> str:
    return "\n".join(part for part in (first.strip(), rest.strip()) if part)


# --- how words are read --------------------------------------------------------------------------


def _plain(method: str) -> Callable[[str, Moment], Order]:
    """A verb that takes no words; what is said beside it stands in the note."""
    return lambda _words, _moment: Order(method)


def _text(method: str, *before: Any, needed: bool = False) -> Callable[[str, Moment], Order]:
    """A verb that takes what follows as text."""

    def read(words: str, _moment: Moment) -> Order:
        if needed and not words:
            raise ValueError("needs a few words")
        return Order(method, (*before, words))

    return read


def _gated(method: str, *, takes: bool) -> Callable[[str, Moment], Order]:
    """A verb that may be refused, and overridden for a reason."""

    def read(words: str, _moment: Moment) -> Order:
        found = _OVERRIDE.search(words)
        override = found[1].strip() if found else ""
        text = words[: found.start()].strip() if found else words
        return Order(method, (text,) if takes else (), {"override": override})

    return read


def _named(method: str, what: str, *, text: bool = False) -> Callable[[str, Moment], Order]:
    """A verb that takes a name, and then perhaps text that it can't do without."""

    def read(words: str, _moment: Moment) -> Order:
        name, rest = _first(words)
        if not name:
            raise ValueError(f"needs {what}")
        if text and not rest:
            raise ValueError("needs a few words why")
        return Order(method, (name, rest) if text else (name,))

    return read


def _level(method: str) -> Callable[[str, Moment], Order]:
    def read(words: str, _moment: Moment) -> Order:
        level, reason = _first(words)
        if not level.isdecimal():
            raise ValueError("needs a number")
        return Order(method, (int(level),), {"reason": reason})

    return read


def _hold(words: str, moment: Moment) -> Order:
    until, reason = _until(words, moment)
    if until is not None and until <= moment.at:
        raise ValueError("is over before it begins")
    if not reason:
        raise ValueError("needs a reason")
    return Order("hold", (reason, until))


def _resolve(words: str, moment: Moment) -> Order:
    found = _gated("resolve", takes=True)(words, moment)
    how, rest = _first(found.arguments[0])
    if how not in _SOLUTIONS:
        return found
    return Order("resolve", (rest,), {**found.options, "how": how})


def _hand_over(words: str, moment: Moment) -> Order:
    found = _gated("hand_over", takes=True)(words, moment)
    named = _named("hand_over", "a desk", text=True)(found.arguments[0], moment)
    return Order("hand_over", named.arguments, found.options)


def _outcome(words: str, _moment: Moment) -> Order:
    name, reason = _first(words)
    if not name or not reason:
        raise ValueError("needs an outcome and why")
    return Order("outcome", (None if name == "none" else name, reason))


def _until(words: str, moment: Moment) -> tuple[Instant | None, str]:
    """The end of a hold where it begins with one: `3d`, `2026-12-01`, `2026-12-01 09:00`."""
    lapse = _LAPSE.match(words)
    if lapse:
        return moment.at + int(lapse[1]) * _SPANS[lapse[2]], words[lapse.end() :].strip()
    day = _DAY.match(words)
    if day is None:
        return None, words
    when = datetime.fromisoformat(f"{day[1]}T{day[2] or '00:00'}")
    return instant(when.replace(tzinfo=ZoneInfo(moment.zone))), words[day.end() :].strip()


def _first(words: str) -> tuple[str, str]:
    name, rest = (*words.split(maxsplit=1), "", "")[:2]
    return name, rest.strip()


def _pair(method: str) -> Callable[[str, Moment], Order]:
    """A verb that takes a name, and perhaps a value."""

    def read(words: str, _moment: Moment) -> Order:
        name, value = _first(words)
        if not name:
            raise ValueError("needs a name")
        return Order(method, (name, value))

    return read


def _unflag(words: str, moment: Moment) -> Order:
    return Order("flag", _named("flag", "a flag")(words, moment).arguments, {"on": False})


VERBS: Final[Mapping[str, Usage]] = {
    "access": Usage(
        "#access [WHY]", "work on the customer's own begins", _gated("access", takes=True)
    ),
    "ack": Usage(
        "#ack",
        "has the case: each page of it that is out stops ringing; the escalation goes on",
        _plain("acknowledge"),
    ),
    "assign": Usage("#assign WHO", "says who is to work it", _named("assign", "a name")),
    "attach": Usage(
        "#attach CASE",
        "folds its pages and statuses into another case's",
        _named("attach", "a case"),
    ),
    "call": Usage("#call [WHAT WAS SAID]", "the customer was spoken to", _text("call")),
    "close": Usage("#close [WHY]", "it is over", _gated("close", takes=True)),
    "confirm": Usage(
        "#confirm WHO, AND HOW",
        "the customer agrees that it is solved",
        _text("confirm", needed=True),
    ),
    "detach": Usage("#detach", "it stands for itself again", _plain("detach")),
    "escalate": Usage(
        "#escalate TO WHY",
        "escalates to a role, a queue or a desk",
        _named("escalate", "a role, a queue or a desk", text=True),
    ),
    "flag": Usage("#flag NAME", "sets a flag of the policy", _named("flag", "a flag")),
    "hand-over": Usage(
        "#hand-over DESK WHY", "gives it to another desk: it is their turn", _hand_over
    ),
    "hold": Usage("#hold [3d | 2026-12-01 09:00] WHY", "arranges that the case may wait", _hold),
    "kind": Usage("#kind KIND", "says what kind of request it is", _named("kind", "a kind")),
    "mobilise": Usage("#mobilise [WHY]", "calls in the whole support team", _text("mobilise")),
    "note": Usage("#note TEXT", "writes an internal note", _text("note", needed=True)),
    "outcome": Usage(
        "#outcome OUTCOME WHY", "says what it turned out to be; `none` takes that back", _outcome
    ),
    "provide": Usage("#provide ITEM [VALUE]", "records what the policy requires", _pair("provide")),
    "queue": Usage("#queue QUEUE", "moves it to another queue", _named("queue", "a queue")),
    "refuse": Usage(
        "#refuse WHY",
        "the customer says that it is not solved: it is open again",
        _text("refuse", needed=True),
    ),
    "reject": Usage(
        "#reject WHY", "triage found that it needs no number", _text("reject", needed=True)
    ),
    "release": Usage("#release", "ends a hold", _plain("release")),
    "reopen": Usage("#reopen WHY", "it is open again", _text("reopen", needed=True)),
    "reply": Usage(
        "#reply TEXT",
        "answers the customer: the text goes out to them",
        _text("reply", needed=True),
    ),
    "resolve": Usage("#resolve [fix | workaround | plan] [TEXT]", "it is solved", _resolve),
    "severity": Usage("#severity 1 [WHY]", "raises or lowers the severity", _level("severity")),
    "take-back": Usage(
        "#take-back NOTE",
        "whoever it was escalated to has done their part",
        _text("take_back", needed=True),
    ),
    "take-in": Usage(
        "#take-in",
        "enforces the policy from now on, on a case that was there before",
        _plain("take_in"),
    ),
    "tick": Usage("#tick STEP [WHAT WAS FOUND]", "a step of a checklist is done", _pair("tick")),
    "triage": Usage(
        "#triage 2 [WHY]", "reviews a new case: its severity, and a number", _level("triage")
    ),
    "unflag": Usage("#unflag NAME", "clears a flag", _unflag),
    "wait": Usage(
        "#wait customer | vendor", "the case waits for them", _named("wait", "customer or vendor")
    ),
    "waiver": Usage("#waiver [WHAT]", "the customer's waiver is there", _text("provide", "waiver")),
    "work": Usage(
        "#work", "begins: from here on the case is being worked", _gated("work", takes=False)
    ),
}
