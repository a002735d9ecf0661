"""What was promised: a policy as frozen data. Sentences keep their order, rules their clause.

The file's shape is in docs/reference/policy.md; reading it is ``load``'s work. A rule's identity is
clause id + rule name, never its position.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeAlias

from upheld.calendar.spec import CalendarSpec
from upheld.errors import Place
from upheld.policy.catalogue import Outcome, Product
from upheld.policy.desks import Desk, Tier
from upheld.policy.matrix import Matrix
from upheld.policy.times import ByInstant, Duration, Elapsed

# --- conditions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Test:
    """One key of a condition: it holds when the case's value is (or contains) one of ``values``.

    Keys are those that ``conditions`` reads, ``proposed.<key>``, ``field.<name>`` for a field's value,
    and ``is`` for bare words.
    """

    __test__ = False  # not for pytest

    key: str
    values: tuple[str | int | bool, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """All tests must hold; none at all always holds."""

    tests: tuple[Test, ...] = ()


ALWAYS: Final = Condition()


# --- rules --------------------------------------------------------------------------------------


class Verb(StrEnum):
    """What a rule can do."""

    PAGE = "page"
    NOTIFY = "notify"
    CALL = "call"
    MAIL = "mail"
    UPDATE = "update"
    NOTE = "note"
    ASSIGN = "assign"
    SET = "set"
    ESCALATE = "escalate"
    OPEN = "open"
    CLOSE = "close"
    NUMBER = "number"
    ASK = "ask"
    OFFER = "offer"
    REFER = "refer"
    FORWARD = "forward"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Do:
    """One action. ``to`` are roles, ``customer.<role>``, ``customer``, ``reporter``, ``assignee``
    (with ``first_of`` the first that resolves); the other fields belong to single verbs."""

    verb: Verb
    to: tuple[str, ...] = ()
    first_of: bool = False
    template: str | None = None
    links: tuple[str, ...] = ()
    queue: str | None = None
    severity: int | None = None
    outcome: str | None = None
    kind: str | None = None
    flag: str | None = None
    text: str | None = None
    keys: tuple[str, ...] = ()


class CatchUp(StrEnum):
    """What a step does when its instant was missed because nothing ran."""

    ALWAYS = "always"
    COLLAPSE = "collapse"


class Gate(StrEnum):
    """What a missing requirement does: at our own doors, and on a tracker that we don't own."""

    PREVENT = "prevent"
    FLAG = "flag"
    REVERT = "revert"


class OnChange(StrEnum):
    """What a clock does when the severity changes."""

    FROM_START = "from_start"
    CARRY = "carry"
    RESTART = "restart"


class OnReopen(StrEnum):
    """What a clock does when a case opens again."""

    CONTINUE = "continue"
    NEW_CYCLE = "new_cycle"


@dataclass(frozen=True, slots=True)
class Rule:
    """Every rule has a name (the clause's own where it is the only one) and a place in the file."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Target(Rule):
    """A clock. ``within`` or ``by``; ``promises_none`` says explicitly that nothing is promised.

    ``starts`` is opened, triaged, severity_set or a condition; ``met_by`` the kinds of events that
    meet it; ``outside_hours`` a second clock over closed hours; ``tier`` whose turn it must be.
    """

    target: str
    tier: str | None = None
    applies: Condition = ALWAYS
    within: Duration | None = None
    by: ByInstant | None = None
    aim: Duration | None = None
    calendar: str | None = None
    outside_hours: Elapsed | None = None
    starts: str | Condition = "opened"
    met_by: tuple[str, ...] = ()
    pause_while: Condition | None = None
    on_raise: OnChange = OnChange.FROM_START
    on_lower: OnChange = OnChange.FROM_START
    on_reopen: OnReopen = OnReopen.NEW_CYCLE
    promises_none: bool = False


@dataclass(frozen=True, slots=True)
class Before:
    """How long before the clocks of a target are due."""

    target: str
    length: Duration

    @property
    def text(self) -> str:
        """The length as it is written."""
        return self.length.text


@dataclass(frozen=True, slots=True)
class When(Rule):
    """Once, when ``when`` becomes true (``after`` a while, or ``before`` the due time of a target),
    ``unless`` that holds."""

    when: Condition
    do: tuple[Do, ...]
    after: Duration | None = None
    before: Before | None = None
    unless: Condition | None = None
    calendar: str | None = None
    catch_up: CatchUp = CatchUp.ALWAYS


@dataclass(frozen=True, slots=True)
class AskAhead:
    """Ask somebody for a sentence before a periodic step."""

    of: str
    before: Duration


@dataclass(frozen=True, slots=True)
class Every(Rule):
    """Again and again while ``holds``; ``filled_by`` are the events that fill a slot by themselves."""

    every: Duration
    holds: Condition
    do: tuple[Do, ...]
    first: Duration | None = None
    ask_ahead: AskAhead | None = None
    filled_by: tuple[str, ...] = ()
    calendar: str | None = None
    catch_up: CatchUp = CatchUp.COLLAPSE


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a classifier: the first whose condition holds proposes what it sets. A row with a
    ``matrix`` proposes the severity that stands there, where both measures are known."""

    when: Condition
    severity: int | None = None
    outcome: str | None = None
    flags: tuple[str, ...] = ()
    kind: str | None = None
    otherwise: bool = False
    matrix: Matrix | None = None


@dataclass(frozen=True, slots=True)
class Classify(Rule):
    """A proposal, with its reason: ordered rows."""

    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Require(Rule):
    """``needs`` must be there before ``before`` (number, work, resolve, close, customer_access). ``tell``
    are those who hear of it where something got past it on a tracker; ``one_of`` the values that are offered
    for a need."""

    before: str
    needs: tuple[str, ...]
    ask: tuple[str, ...] = ()
    override: str | None = None
    gate: Gate = Gate.PREVENT
    applies: Condition = ALWAYS
    tell: tuple[str, ...] = ()
    one_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Intake(Rule):
    """What happens with what arrives from ``sender`` (partner, unknown, staff) of this ``nature``."""

    sender: tuple[str, ...]
    do: tuple[Do, ...]
    nature: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opens:
    """The case that a monitor opens."""

    severity: int | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Monitor(Rule):
    """What is watched: whatever the site watches of the kinds ``of``, by a check each ``every``.

    With ``spaced`` a check sends requests so far apart while they fail, and ``requests`` failures in a row
    within it are an outage; without, a check is one request, and failures count across checks. ``opens``
    None: an outage opens no case. ``notify`` hears of an outage, ``warns`` of what comes before one.
    ``announce``: how long ahead a window is told.
    """

    of: tuple[str, ...] = ()
    every: Elapsed | None = None
    requests: int = 1
    spaced: Elapsed | None = None
    opens: Opens | None = None
    warns: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    announce: Elapsed | None = None


@dataclass(frozen=True, slots=True)
class Offers(Rule):
    """What customers can do online: parsed and kept."""

    offers: tuple[str, ...] = ()


AnyRule: TypeAlias = Target | When | Every | Classify | Require | Intake | Monitor | Offers


# --- the document -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clause:
    """One published sentence with its id. ``says`` is as written, placeholders and all;
    ``published`` has the numbers in. One of rules, kept_by and statement is set."""

    id: str
    says: str
    published: str
    place: Place
    reading: str | None = None
    rules: tuple[AnyRule, ...] = ()
    kept_by: tuple[str, ...] = ()
    statement: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, what stands under it, and its clauses."""

    heading: str
    clauses: tuple[Clause, ...]
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Severity:
    """1 is the most urgent."""

    level: int
    name: str
    means: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What a site must supply; ``check`` ticks it off."""

    queues: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole policy. ``version`` is the content hash that cases are pinned to; ``applies`` tells which
    new cases are, where several policies run side by side; days count in ``zone``.
    ``default_severity`` is proposed where no rule proposes one; ``default_plan`` is the plan of who has none.
    """

    name: str
    label: str
    published_by: str
    version: str
    sections: tuple[Section, ...]
    severities: Mapping[int, Severity]
    calendars: Mapping[str, CalendarSpec]
    roles: Mapping[str, str]
    needs: Needs = field(default_factory=Needs)
    plans: Mapping[str, Any] = field(default_factory=dict)
    default_severity: int | None = None
    default_plan: str | None = None
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    products: Mapping[str, Product] = field(default_factory=dict)
    tiers: Mapping[str, Tier] = field(default_factory=dict)
    desks: Mapping[str, Desk] = field(default_factory=dict)
    zone: str = "UTC"
    applies: Condition = ALWAYS
    source: str = field(default="", repr=False)  # the text that the version hashes

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """All clauses, in the order in which customers read them."""
        return tuple(clause for section in self.sections for clause in section.clauses)
