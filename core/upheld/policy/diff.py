"""Two policies beside each other: what a reader of the old one has to know of the new one. Pure.

Compared is what was written (a policy keeps its source), so that no key can change unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from upheld.policy.durations import parse_duration
from upheld.policy.model import Policy
from upheld.policy.times import BusinessDays, Duration
from upheld.source import parse

_SAYS: Final = ("says", "reading", "statement", "kept_by")
_DOCUMENT: Final = "document"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs. ``where`` is a clause's id, or a key at the top (``calendars``);
    ``path`` leads on from there: rule, key, and what is inside. None means that it isn't there."""

    where: str
    path: tuple[str, ...]
    old: Any
    new: Any

    @property
    def words(self) -> str:
        """``answer: within: 24 hours → 12 hours (sooner)``."""
        if self.old is None:
            return f"{self._path}new: {said(self.new)}"
        if self.new is None:
            return f"{self._path}gone: {said(self.old)}"
        return f"{self._path}{said(self.old)} → {said(self.new)}{_direction(self.old, self.new)}"

    @property
    def _path(self) -> str:
        return "".join(f"{step}: " for step in self.path)


def differences(old: Policy, new: Policy) -> tuple[Change, ...]:
    """All that differs: what stands at the top first, then clause by clause as the new one has them.

    Where a clause stands in the document makes no difference to what is promised, its section does.
    """
    before, after = (parse(policy.source, policy.name).data for policy in (old, new))
    top = ({k: v for k, v in data.items() if k != _DOCUMENT} for data in (before, after))
    return (*_at_the_top(*top), *_between(_clauses(before), _clauses(after)))


def _at_the_top(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys((*old, *new)):
        for path, was, now in _apart((), old.get(key), new.get(key)):
            yield Change(key, path, was, now)


def _between(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys((*new, *old)):
        was, now = old.get(name), new.get(name)
        if was is None or now is None:
            says = [clause and clause["says"] for clause in (was, now)]
            yield Change(name, (), *says)
            continue
        for path, before, after in _apart((), was, now):
            yield Change(name, path, before, after)


def _clauses(data: Mapping[str, Any]) -> dict[str, Any]:
    """By id; the rules of a clause by their names, those of a clause with one rule beside its text."""
    found = {}
    for section in data.get(_DOCUMENT) or ():
        for clause in section.get("clauses") or ():
            found[str(clause["id"])] = _flat(clause) | {"section": section["heading"]}
    return found


def _flat(clause: Mapping[str, Any]) -> dict[str, Any]:
    rules = clause.get("rules") or ()
    flat = {key: value for key, value in clause.items() if key not in {"id", "rules"}}
    for rule in rules:
        inside = {key: value for key, value in rule.items() if key != "name"}
        flat |= {str(rule["name"]): inside} if "name" in rule else inside
    return flat


def _apart(path: tuple[str, ...], old: Any, new: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if old == new and type(old) is type(new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _apart((*path, str(key)), old.get(key), new.get(key))
        return
    yield path, old, new


def said(value: Any) -> str:
    """A value as a person would read it aloud."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {said(inside)}" for key, inside in value.items())
    if isinstance(value, list):
        return "; ".join(map(said, value)) or "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _direction(old: Any, new: Any) -> str:
    """Whether a customer waits less or longer, where two durations can be told apart."""
    lengths = [_length(each) for each in (old, new)]
    if None in lengths or type(lengths[0]) is not type(lengths[1]):
        return ""
    was, now = (_size(each) for each in lengths if each)
    return " (sooner)" if now < was else " (later)" if now > was else ""


def _length(value: Any) -> Duration | None:
    try:
        return parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _size(length: Duration) -> int:
    return length.days if isinstance(length, BusinessDays) else length.span
