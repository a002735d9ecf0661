"""A policy as the document that customers read: chapters, sentences, tables, footnotes. Pure.

What is enforced and what is published come from one file; this is its published half.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from upheld.calendar.spec import CalendarSpec
from upheld.policy.desks import calendars_of
from upheld.policy.model import Classify, Clause, Policy, Section, Severity
from upheld.policy.publish import sentence
from upheld.policy.tables import Table, matrices, targets

_WEEKDAYS: Final = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote: how the sentence of ``clause`` is understood. Numbers count from 1."""

    number: int
    clause: str
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A clause as it is read: its text, the number of its footnote, the tables under it."""

    clause: str
    text: str
    note: int | None = None
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading, what stands under it, and its sentences."""

    heading: str
    text: str | None
    tables: tuple[Table, ...]
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """The whole document; ``hours`` tells when each calendar that a promise runs on is open, ``desks`` who
    has cases on which of them."""

    name: str
    published_by: str
    edition: str
    version: str
    chapters: tuple[Chapter, ...]
    notes: tuple[Note, ...]
    hours: Table | None = None
    desks: Table | None = None

    @property
    def imprint(self) -> str:
        """Who promises it, and in which edition."""
        by = f"Published by {self.published_by}" if self.published_by else ""
        edition = f"edition {self.edition}" if self.edition else ""
        said = ", ".join(filter(None, (by, edition))) or "Published"
        return said[0].upper() + said[1:]


def document(policy: Policy) -> Published:
    """What customers read of a policy, in the order of its file."""
    notes: list[Note] = []
    chapters = tuple(_chapter(policy, section, notes) for section in policy.sections)
    return Published(
        name=policy.name,
        published_by=policy.published_by,
        edition=policy.label,
        version=policy.version,
        chapters=_with_severities(policy, chapters),
        notes=tuple(notes),
        hours=_hours(policy),
        desks=_desks(policy),
    )


def _chapter(policy: Policy, section: Section, notes: list[Note]) -> Chapter:
    sentences = tuple(_sentence(policy, clause, notes) for clause in section.clauses)
    return Chapter(section.heading, section.text, (), sentences)


def _sentence(policy: Policy, clause: Clause, notes: list[Note]) -> Sentence:
    number = None
    if clause.reading is not None:
        number = len(notes) + 1
        notes.append(Note(number, clause.id, clause.reading))
    asked = "{table}" in clause.says
    table = targets(clause, policy.severities) if asked else None
    tables = (*((table,) if table else ()), *(matrices(clause) if asked else ()))
    return Sentence(clause.id, sentence(clause), number, tables)


def _with_severities(policy: Policy, chapters: tuple[Chapter, ...]) -> tuple[Chapter, ...]:
    """The levels stand where the policy tells how a case gets one; else in a chapter of their own."""
    table = _levels(policy.severities.values())
    classifying = {clause.id for clause in policy.clauses if _classifies(clause)}
    for index, chapter in enumerate(chapters):
        if any(each.clause in classifying for each in chapter.sentences):
            told = replace(chapter, tables=(*chapter.tables, table))
            return (*chapters[:index], told, *chapters[index + 1 :])
    return (*chapters, Chapter("Severity levels", None, (table,), ()))


def _classifies(clause: Clause) -> bool:
    rules = (rule for rule in clause.rules if isinstance(rule, Classify))
    return any(row.severity is not None for rule in rules for row in rule.rows)


def _levels(severities: Iterable[Severity]) -> Table:
    levels = sorted(severities, key=lambda each: each.level)
    rows = tuple((str(each.level), each.name, each.means) for each in levels)
    return Table(("Severity", "Name", "When a case has it"), rows)


def _hours(policy: Policy) -> Table | None:
    """When each calendar is open that a rule runs on; None where all promises run round the clock."""
    rules = (rule for clause in policy.clauses for rule in clause.rules)
    used = {name for rule in rules for name in calendars_of(policy, rule)}
    used |= {desk.calendar for desk in policy.desks.values()}
    specs = [spec for name, spec in policy.calendars.items() if name in used and not spec.always]
    if not specs:
        return None
    rows = tuple((_plain(spec.name), open_hours(spec), closed_days(spec)) for spec in specs)
    return Table(("Hours", "Open", "Closed on"), rows)


def _desks(policy: Policy) -> Table | None:
    """Who has cases, on which level and in which hours; None where the policy has no desks."""
    rows = tuple(
        (desk.name, policy.tiers[desk.tier].name, _plain(desk.calendar))
        for desk in policy.desks.values()
    )
    return Table(("Desk", "Level", "Hours"), rows) if rows else None


def open_hours(spec: CalendarSpec) -> str:
    """``Monday to Friday 08:00-17:00, time of Europe/Prague``."""
    if spec.always:
        return "round the clock"
    week = (f"{_days(days)} {' and '.join(times)}" for days, times in spec.week.items())
    return f"{', '.join(week)}, time of {spec.zone.replace('_', ' ')}"


def closed_days(spec: CalendarSpec) -> str:
    """The holidays, as the policy names them."""
    return ", ".join(_sources(spec)) or "no holidays"


def _sources(spec: CalendarSpec) -> Iterator[str]:
    source = spec.holiday_source
    if source and source.country:
        part = f" ({source.subdivision})" if source.subdivision else ""
        yield f"public holidays of {source.country}{part}"
    if source and source.feed:
        yield "the days of a calendar of its own"
    for day in spec.holidays:
        yield f"{day} ({spec.names[day]})" if day in spec.names else day


def _days(days: str) -> str:
    spans = (
        " to ".join(_WEEKDAYS.get(day, day) for day in span.split("-")) for span in days.split(",")
    )
    return ", ".join(spans)


def _plain(name: str) -> str:
    return name.replace("-", " ").replace("_", " ").capitalize()
