"""Who was told of a case, by what and when; and of everybody else whom a rule names, why not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from upheld.calendar.instant import Instant
from upheld.case.decision import Purpose, Subject
from upheld.case.events import StepResult
from upheld.case.state import CaseState
from upheld.desk.records import Records
from upheld.directory import Recipient
from upheld.engine.conditions import holds
from upheld.engine.terms import Terms
from upheld.ledger import CREATE_ITEM, FIELDS, MIRROR, DeliveryState, Transaction
from upheld.policy.model import Clause, Condition, Every, Verb, When
from upheld.report.attempts import Word
from upheld.report.explain import explain_in
from upheld.report.explanation import DeliveryStory, Explanation, MessageStory, StepStory
from upheld.report.plain import Plain, as_plain

#: Finds the people behind a name of the policy, as of the instant that is explained.
Behind: TypeAlias = Callable[[str], Sequence[Recipient]]

_SPEAKS: Final = frozenset(
    {Verb.PAGE, Verb.NOTIFY, Verb.CALL, Verb.MAIL, Verb.UPDATE, Verb.FORWARD}
)
_TO_TRACKERS: Final = frozenset({CREATE_ITEM, FIELDS, MIRROR, Purpose.COMMENT.value})
_NEVER_WENT: Final = frozenset({DeliveryState.DROPPED.value, DeliveryState.MERGED.value})
_BECAUSE: Final[Mapping[str, str]] = {
    StepResult.FILLED.value: "a person had told it already",
    StepResult.COLLAPSED.value: "it was missed, and a later one speaks for it",
    StepResult.BEFORE_ENFORCEMENT.value: "it was due before the case was enforced",
    StepResult.TO_NOBODY.value: "what failed is no customer's",
    StepResult.FOLDED.value: "the case is attached: its parent speaks for it",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A sending to one person, since ``at``: for which clauses, over what, and how it stands.

    ``because``: why it followed another, empty for the first; ``words``: what was told of it, oldest
    first."""

    at: Instant
    clauses: tuple[str, ...]
    purpose: str
    connection: str
    state: str
    because: str = ""
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class NotTold:
    """A rule that names somebody and has not told them: what it does, and why it hasn't."""

    clause: str
    rule: str
    verb: str
    why: str


@dataclass(frozen=True, slots=True)
class PersonStory:
    """One person of a case; ``named`` is what rules call them. Nobody behind a name is ``""``."""

    person: str
    name: str
    named: tuple[str, ...]
    told: tuple[Told, ...]
    not_told: tuple[NotTold, ...]

    def as_dict(self) -> Plain:
        """Plain values: instants in ISO 8601."""
        return as_plain(self)


@dataclass(frozen=True, slots=True)
class _Naming:
    """A rule names somebody."""

    clause: str
    rule: When | Every
    verb: Verb
    whom: str


def people(
    records: Records, case_id: str, behind: Callable[[Subject], Behind]
) -> tuple[PersonStory, ...]:
    """Of the case that people call ``C7`` or by its number; raises what ``explain`` raises."""

    def read(tx: Transaction) -> tuple[PersonStory, ...]:
        found = explain_in(records, tx, tx.find(case_id))
        subject = tx.subject(found.case)
        state = records.life(subject, found.as_of).state
        return people_of(records.book.terms(subject), state, found, behind(subject))

    return records.read(read)


def people_of(
    terms: Terms, state: CaseState, found: Explanation, behind: Behind
) -> tuple[PersonStory, ...]:
    """Everybody who was told or whom a rule of the case's policy names; those told come first.

    ``found`` explains the same case as of the same instant.
    """
    told, names = _told(found), _names(found)
    named: dict[str, list[_Naming]] = defaultdict(list)
    for naming in _namings(terms):
        meant = behind(naming.whom)
        names |= {each.id: each.name for each in meant if each.name}
        for person in [each.id for each in meant] or [""]:
            named[person].append(naming)
    stories = [
        PersonStory(
            person=person,
            name=names.get(person, ""),
            named=tuple(dict.fromkeys(naming.whom for naming in named[person])),
            told=tuple(told[person]),
            not_told=tuple(dict.fromkeys(_left(person, told[person], named[person], state, found))),
        )
        for person in dict.fromkeys((*told, *named))
    ]
    return tuple(sorted(stories, key=lambda story: (not story.told, not story.person)))


def _left(
    person: str,
    told: Sequence[Told],
    namings: Iterable[_Naming],
    state: CaseState,
    found: Explanation,
) -> Iterator[NotTold]:
    spoken = {clause for each in told for clause in each.clauses}
    for each in namings:
        if each.clause not in spoken:
            why = _why(each, person, state, found)
            yield NotTold(each.clause, each.rule.name, each.verb.value, why)


def _told(found: Explanation) -> dict[str, list[Told]]:
    """By person, oldest first; what was merged or never went told nobody anything."""
    sent: dict[str, list[Told]] = defaultdict(list)
    for message, each in _sendings(found):
        if each.person and each.state not in _NEVER_WENT:
            at = each.words[0].at if each.words else message.due
            purpose = message.purpose.replace("_", " ")
            sent[each.person].append(
                Told(
                    at=at,
                    clauses=message.clauses,
                    purpose=purpose,
                    connection=each.connection,
                    state=each.state,
                    because=each.because,
                    words=each.words,
                )
            )
    for every in sent.values():
        every.sort(key=lambda told: told.at)
    return sent


def _names(found: Explanation) -> dict[str, str]:
    return {each.person: each.name for _, each in _sendings(found) if each.name}


def _sendings(found: Explanation) -> Iterator[tuple[MessageStory, DeliveryStory]]:
    messages = {each.key: each for step in found.steps for each in step.messages}
    for message in (*messages.values(), *found.others):
        if message.purpose not in _TO_TRACKERS:  # that tells nobody
            yield from ((message, each) for each in message.deliveries)


def _namings(terms: Terms) -> Iterator[_Naming]:
    rules: tuple[tuple[Clause, When | Every], ...] = (*terms.whens, *terms.everies)
    for clause, rule in rules:
        for do in rule.do:
            if do.verb in _SPEAKS:
                yield from (_Naming(clause.id, rule, do.verb, whom) for whom in do.to)


def _why(naming: _Naming, person: str, state: CaseState, found: Explanation) -> str:
    """Why this rule has not told this person; the nearest reason of those that hold."""
    own = [
        step
        for step in found.steps
        if (step.clause, step.rule) == (naming.clause, naming.rule.name)
    ]
    if own:
        return _of_step(own[-1], naming, person)
    if not person:
        return "nobody is behind that name"
    return _not_yet(naming, state, found)


def _of_step(step: StepStory, naming: _Naming, person: str) -> str:
    if step.taken_back:
        return step.taken_back
    if step.result in _BECAUSE:
        return _BECAUSE[step.result]
    if not person:
        return f"nobody is {naming.whom}"
    return next(_of_messages(step.messages, naming), "somebody else was told instead")


def _of_messages(messages: Iterable[MessageStory], naming: _Naming) -> Iterator[str]:
    for message in messages:
        if naming.whom in message.to and message.why:
            yield message.why


def _not_yet(naming: _Naming, state: CaseState, found: Explanation) -> str:
    if any((each.clause, each.rule) == (naming.clause, naming.rule.name) for each in found.coming):
        return "not yet: it is told when that is due"
    rule = naming.rule
    condition = rule.when if isinstance(rule, When) else rule.holds
    if not holds(condition, state):
        return f"only where {in_words(condition)}"
    unless = rule.unless if isinstance(rule, When) else None
    if unless is not None and holds(unless, state):
        return f"not needed: {in_words(unless)}"
    return "it has not come to that"


def in_words(condition: Condition) -> str:
    """``severity 1 and flag customer_system``; a bare word such as ``worked`` stands alone."""
    return " and ".join(
        " or ".join(map(str, test.values))
        if test.key == "is"
        else f"{test.key} {' or '.join(map(str, test.values))}"
        for test in condition.tests
    )
