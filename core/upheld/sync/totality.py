"""A connection's map against what the tracker really has: what is missing, unreachable, or lost. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from upheld.case.state import Status
from upheld.plugin import FieldSpec, Finding, Level, Schema, Transition
from upheld.source import suggest
from upheld.sync.fieldmap import TOLD, FieldMap
from upheld.sync.rule import ACTS, How, Rule
from upheld.sync.verbs import VERBS

_STATUSES: Final = tuple(status.value for status in Status)
#: Fields of ours that have a meaning of their own; any other name is a field of the case.
_OURS: Final = frozenset(
    {*TOLD, "status", "severity", "queue", "assignee", "product", "version", "number", "due"}
    | {"outcome", "kind", "triaged", "duplicate_of"}
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the site has: severities and flags of its policies."""

    severities: frozenset[int]
    flags: frozenset[str]


def totality(name: str, mapped: FieldMap, schema: Schema, known: Known) -> Iterator[Finding]:
    """All that does not fit, a finding each; what is lost on the way is only told."""
    for rule in (mapped.rules or {}).values():
        for level, what, then in _looked(rule, schema, known):
            yield Finding(level, name, f"map.{rule.ours}: {what}", then)


_Line = tuple[Level, str, str]


def _looked(rule: Rule, schema: Schema, known: Known) -> Iterator[_Line]:
    yield from _name(rule, known)
    if rule.how is How.COMMENT:
        return
    if rule.ours == "status":
        yield from _statuses(rule, schema)
    else:
        yield from _field(rule, schema)
    if rule.ours == "severity" and rule.pairs:
        yield from _severities(rule, known)
    yield from _lossy(rule)


def _name(rule: Rule, known: Known) -> Iterator[_Line]:
    """What our name means: a flag must be one of the policy, and a slip is no field of its own."""
    if rule.how is How.COMMENT:
        if rule.ours not in VERBS:
            yield Level.ERROR, "is no verb", suggest(rule.ours, VERBS)
    elif rule.flag and rule.ours not in known.flags | ACTS:
        yield Level.ERROR, "is no flag of the policy", suggest(rule.ours, known.flags)
    elif rule.ours not in _OURS | known.flags | ACTS:
        near = difflib.get_close_matches(rule.ours, _OURS | known.flags, n=1, cutoff=0.8)
        if near:
            what = "is a field of the case, beside those that have a meaning"
            yield Level.WARNING, what, f'did you mean "{near[0]}"?'


def _field(rule: Rule, schema: Schema) -> Iterator[_Line]:
    fields = {spec.name: spec for spec in schema.fields}
    spec = fields.get(rule.field)
    if spec is None:
        yield Level.ERROR, f"the tracker has no field {rule.field!r}", suggest(rule.field, fields)
        return
    if (rule.writes or rule.how is How.CONSTANT) and not spec.writable:
        what = f"{rule.field!r} can't be written there"
        yield Level.WARNING, what, f"write {{remote: {rule.field}}}: it is read alone"
    if spec.values is not None:
        yield from _values(rule, spec)


def _values(rule: Rule, spec: FieldSpec) -> Iterator[_Line]:
    there = set(spec.values or ())
    words = [str(theirs) for theirs, _ in rule.pairs]
    words += [str(rule.constant)] if rule.how is How.CONSTANT else []
    yield from _absent(words, there, f"{spec.name!r} has no value")
    if rule.pairs and rule.otherwise is None:
        yield from _meaningless(there - set(words))


def _statuses(rule: Rule, schema: Schema) -> Iterator[_Line]:
    words, there = [str(theirs) for theirs, _ in rule.pairs], set(schema.statuses)
    yield from _absent(words, there, "the tracker has no status")
    if rule.otherwise is None:
        yield from _meaningless(there - set(words))
    unwritten = [ours for ours in _STATUSES if rule.outward(ours) is None] if rule.writes else []
    if unwritten:
        yield Level.WARNING, f"{', '.join(unwritten)}: never written, no status of theirs is it", ""
    yield from _reached(rule, schema) if rule.writes and schema.transitions else ()


def _reached(rule: Rule, schema: Schema) -> Iterator[_Line]:
    """Whether every status that we write can be reached from every other that is mapped."""
    targets = dict.fromkeys(_written(rule))
    starts = [str(theirs) for theirs, _ in rule.pairs if str(theirs) in schema.statuses]
    for target in targets:
        stuck = [start for start in starts if target not in _reachable(start, schema.transitions)]
        if stuck:
            what = f"no transition leads from {', '.join(stuck)} to {target}"
            yield Level.WARNING, what, "it stays as it is there, and is told as a dead letter"
    for each in schema.transitions:
        if each.requires and each.target in targets:
            what = f"{each.name!r} requires {', '.join(each.requires)}"
            yield Level.WARNING, what, "make sure that an item has it before, or map a constant"


def _written(rule: Rule) -> Iterator[str]:
    for ours in _STATUSES:
        found = rule.outward(ours)
        if found is not None:
            yield str(found[1])


def _reachable(start: str, moves: Iterable[Transition]) -> set[str]:
    """All statuses that can be reached from one, over others too."""
    seen, left = {start}, [start]
    while left:
        here = left.pop()
        fresh = {each.target for each in moves if each.source == here} - seen
        seen |= fresh
        left += fresh
    return seen


def _severities(rule: Rule, known: Known) -> Iterator[_Line]:
    ours = {level for _, level in rule.pairs if isinstance(level, int)}
    for level in sorted(ours - known.severities):
        what = f"{level} is no severity of the policy"
        yield Level.ERROR, what, suggest(str(level), map(str, known.severities))
    for level in sorted(known.severities - ours) if rule.writes else ():
        yield Level.WARNING, f"severity {level} is never written: no value of theirs is it", ""


def _lossy(rule: Rule) -> Iterator[_Line]:
    """Told alone: another value of theirs means the same, and that one is what we write."""
    for theirs, ours in rule.lossy if rule.writes else ():
        found = rule.outward(ours)
        word = found[1] if found else ""
        yield Level.OK, f"{theirs} is read as {ours} and never written; {word} is", ""


def _absent(words: Iterable[str], there: Collection[str], what: str) -> Iterator[_Line]:
    for word in words:
        if word not in there:
            yield Level.ERROR, f"{what} {word!r}", suggest(word, there)


def _meaningless(words: Collection[str]) -> Iterator[_Line]:
    if words:
        what = f"{', '.join(sorted(words))}: means nothing here, and is kept as a note"
        yield Level.WARNING, what, "add it to `values`, or say `otherwise`"
