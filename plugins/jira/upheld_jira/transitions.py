"""Moving an issue to a status: along the transitions that its workflow has, several where it must be.

Jira shows only what can be done from where an issue stands. What was seen is remembered, so the way is
mostly known; where it is not, one step is taken to a status from which nothing was seen yet, and the
rest of the way is looked for from there. No status is passed twice, and none that ends an issue
on the way to one that does not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from upheld.plugin import Permanent, PluginError, Transition
from upheld_jira.client import JiraClient

_DONE: Final = "done"


@dataclass(frozen=True, slots=True)
class Move:
    """A transition: where it leads, of which category that is (new, indeterminate, done), which fields
    (ids) it asks for."""

    id: str
    name: str
    target: str
    category: str
    requires: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Move:
        """As Jira shows it, with its fields."""
        fields = row.get("fields") or {}
        asked = (name for name, each in fields.items() if _asks(each))
        to = row["to"]
        return cls(str(row["id"]), str(row["name"]), str(to["name"]), category(to), tuple(asked))


@dataclass(frozen=True, slots=True)
class Target:
    """A status that is to be reached, and its category."""

    status: str
    category: str


Passed: TypeAlias = frozenset[str]
_NONE: Final[Passed] = frozenset()


def category(status: Mapping[str, Any]) -> str:
    """A status's: new, indeterminate or done."""
    return str((status.get("statusCategory") or {}).get("key", ""))


def _asks(field: Mapping[str, Any]) -> bool:
    return bool(field.get("required")) and not field.get("hasDefaultValue")


class Workflow:
    """What was seen of a workflow: the moves from each status."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[Move, ...]] = {}

    def learn(self, status: str, moves: Iterable[Move]) -> None:
        """From this status these moves can be made."""
        self._seen[status] = tuple(moves)

    def forget(self, status: str) -> None:
        """What was seen from there is not so any more."""
        self._seen.pop(status, None)

    def knows(self, status: str) -> bool:
        """Whether it was looked at from there."""
        return status in self._seen

    def next(self, start: str, target: Target, hops: int, passed: Passed = _NONE) -> Move | None:
        """The first move of the shortest way that is known; where none is, of one to a status from which
        nothing is known: of the target's own kind, or of any where none of that kind is in reach. None:
        nobody gets there so soon."""
        near = list(self._within(start, target, hops, passed))
        there = (lead for _, lead, move in near if move.target == target.status)
        kind = [each for each in near if each[2].category == target.category] or near
        hopeful = (
            lead for length, lead, move in kind if length < hops and not self.knows(move.target)
        )
        return next(there, None) or next(hopeful, None)

    def transitions(
        self, given: Mapping[str, str], names: Callable[[str], str]
    ) -> list[Transition]:
        """All that was seen, without what is ``given`` to every move that asks for it."""
        return [
            Transition(
                each.name,
                source,
                each.target,
                tuple(names(field) for field in each.requires if names(field) not in given),
            )
            for source, moves in self._seen.items()
            for each in moves
        ]

    def _within(
        self, start: str, target: Target, hops: int, passed: Passed
    ) -> Iterator[tuple[int, Move, Move]]:
        """Every move in reach with the length of its way and the way's first move, the nearest first."""
        waiting: deque[tuple[str, Move | None, int]] = deque([(start, None, 0)])
        met = {start, *passed}
        while waiting:
            at, first, length = waiting.popleft()
            for move in self._seen.get(at, ()) if length < hops else ():
                ends = move.category == _DONE != target.category
                if move.target in met or (ends and move.target != target.status):
                    continue
                lead = first or move
                yield length + 1, lead, move
                met.add(move.target)
                waiting.append((move.target, lead, length + 1))


class Moving:
    """Takes issues from status to status."""

    def __init__(self, client: JiraClient, workflow: Workflow, hops: int) -> None:
        self._client, self._workflow, self._hops = client, workflow, hops
        self._categories: dict[str, str] = {}

    def believe(self, statuses: Iterable[Mapping[str, Any]]) -> None:
        """These statuses are there, as Jira lists them."""
        self._categories |= {str(each["name"]): category(each) for each in statuses}

    def look(self, issue: str, status: str) -> None:
        """See what can be done from where it stands."""
        expand = "transitions.fields"
        rows = self._client.ask(lambda jira: jira.transitions(issue, expand=expand))
        self._workflow.learn(status, map(Move.of, rows))

    def planned(self, issue: str, status: str, target: str, given: Mapping[str, Any]) -> Move:
        """The first move; `Permanent` where there is no such status, no way to it, or a move asks for
        what is not given. What was seen from this status before is believed as long as it leads on."""
        self._category(target)
        if self._workflow.knows(status):
            try:
                return self._next(status, target, _NONE, given, self._hops)
            except Permanent:
                self._workflow.forget(status)  # it may be another one by now
        self.look(issue, status)
        return self._next(status, target, _NONE, given, self._hops)

    def go(
        self, issue: str, status: str, first: Move, target: str, given: Mapping[str, Any]
    ) -> None:
        """Make the move from ``status``, and those that lead on from there."""
        move, passed = first, frozenset({status})
        for left in range(self._hops - 1, -1, -1):
            self._make(issue, status, move, given)
            status, passed = move.target, passed | {move.target}
            if status == target:
                return
            if not self._workflow.knows(status):
                self.look(issue, status)
            move = self._next(status, target, passed, given, left)

    def _next(
        self, at: str, status: str, passed: Passed, given: Mapping[str, Any], hops: int
    ) -> Move:
        target = Target(status, self._category(status))
        move = self._workflow.next(at, target, hops, passed)
        if move is None:
            what = f"status: no way from '{at}' to '{status}' in {hops} transitions"
            raise Permanent(
                what, "look at the project's workflow, and at who may move issues in it"
            )
        missing = [name for name in move.requires if name not in given]
        if missing:
            what = f"status: '{move.name}' asks for {', '.join(missing)}"
            raise Permanent(what, f"say under `on_move` what it gets, such as `{missing[0]}: …`")
        return move

    def _category(self, status: str) -> str:
        if status not in self._categories:
            self.believe(self._client.get("status"))
        if status not in self._categories:
            raise Permanent(
                f"status: Jira has no '{status}'", "`upheld check` lists them; see the map"
            )
        return self._categories[status]

    def _make(self, issue: str, status: str, move: Move, given: Mapping[str, Any]) -> None:
        # No comment goes with it: it would be a public one.
        fields = {name: given[name] for name in move.requires}
        try:
            self._client.ask(
                lambda jira: jira.transition_issue(issue, move.id, fields=fields), writing=True
            )
        except PluginError:
            self._workflow.forget(status)  # Data Center tells of a move that is none by 500
            raise
