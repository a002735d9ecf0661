"""Which issues a query means, and in which order: JQL over the issues in memory."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import total_ordering
from typing import Any, Final
from zoneinfo import ZoneInfo

from upheld_jira.simulator.issue import Issue
from upheld_jira.simulator.jql import Both, Clause, Node, Not, Query, Value
from upheld_jira.simulator.people import User
from upheld_jira.simulator.site import Site
from upheld_jira.simulator.wire import Refusal

_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FORMATS: Final = ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y-%m-%d")
_UNITS: Final = {"w": 10_080, "d": 1_440, "h": 60, "m": 1}
_ALIASES: Final = {"issuekey": "key", "issue": "key", "type": "issuetype", "id": "key"}
_INSTANTS: Final = frozenset(("created", "updated", "resolutiondate"))
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_TEXTS: Final = frozenset(("text", "summary", "description", "comment"))


class Matcher:
    """Evaluates queries for one user: dates are meant in the zone of the user's profile."""

    def __init__(self, site: Site, user: User | None) -> None:
        self._site, self._user = site, user
        self._zone = ZoneInfo(user.zone if user else "UTC")

    def find(self, query: Query, issues: Iterable[Issue]) -> list[Issue]:
        """All that match, in order; without one, the newest first."""
        test = self._test(query.where) if query.where is not None else lambda _: True
        found = [issue for issue in issues if test(issue)]
        return sorted(found, key=self.position(query))

    def position(self, query: Query) -> Callable[[Issue], Any]:
        """Where an issue stands in the order of this query; no two stand at one place."""
        order = (*query.order, ("id", not query.order))
        ranks = [
            self._downwards(self._rank(name)) if down else self._rank(name) for name, down in order
        ]
        return lambda issue: tuple([rank(issue) for rank in ranks])

    # --- the order ---

    def _rank(self, name: str) -> Callable[[Issue], Any]:
        """Numbers where there are any: they are compared ten thousand times."""
        name = self._known(name) if name != "id" else name
        if name in ("id", "key"):
            return lambda issue: int(issue.id)
        if name in _INSTANTS or self._kind(name) == "instant":
            return lambda issue: self._instant(issue, name) or _NEVER
        if name == "priority":  # Jira's order has the most urgent last
            urgency = {each: -int(id_) for each, id_ in self._site.ids("priority").items()}
            return lambda issue: urgency.get(str(issue.values.get(name)), -99)
        return lambda issue: _sortable(issue.values.get(name, getattr(issue, name, None)))

    def _downwards(self, rank: Callable[[Issue], Any]) -> Callable[[Issue], Any]:
        def down(issue: Issue) -> Any:
            found = rank(issue)
            return -found if isinstance(found, int | float) else _Down(found)

        return down

    # --- the tests ---

    def _test(self, node: Node) -> Callable[[Issue], bool]:
        if isinstance(node, Not):
            inner = self._test(node.part)
            return lambda issue: not inner(issue)
        if isinstance(node, Both):
            tests = [self._test(part) for part in node.parts]
            together = any if node.any else all
            return lambda issue: together(test(issue) for test in tests)
        return self._clause(node)

    def _clause(self, clause: Clause) -> Callable[[Issue], bool]:
        name = self._known(clause.field)
        if clause.how in ("is", "is not"):
            wanted = clause.how == "is"
            return lambda issue: (not self._words(issue, name)) is wanted
        if name in _INSTANTS or self._kind(name) == "instant":
            return self._by_instant(name, clause)
        if clause.how in ("~", "!~"):
            return self._by_text(name, clause)
        return self._by_words(name, clause)

    def _known(self, field: str) -> str:
        """The id of a field by what a query calls it."""
        name = _ALIASES.get(field, field)
        if name in _INSTANTS | _TEXTS | {
            "key",
            "project",
            "status",
            "statuscategory",
            "organizations",
        }:
            return name
        for each in self._site.fields.values():
            number = each.id.removeprefix("customfield_")
            if name in (each.id, each.name.lower(), f"cf[{number}]"):
                return each.id
        words = f"Field '{field}' does not exist or you do not have permission to view it."
        raise Refusal(400, words)

    def _kind(self, name: str) -> str:
        found = self._site.fields.get(name)
        return found.kind if found is not None else ""

    # --- by instant ---

    def _by_instant(self, name: str, clause: Clause) -> Callable[[Issue], bool]:
        if clause.how not in _COMPARE:
            raise Refusal(400, f"The operator '{clause.how}' is not supported by '{name}'.")
        compare, than = _COMPARE[clause.how], self._when(name, clause.values[0])

        def test(issue: Issue) -> bool:
            at = self._instant(issue, name)
            return at is not None and compare(at, than)

        return test

    def _instant(self, issue: Issue, name: str) -> Any:
        if name == "created":
            return issue.created
        if name == "updated":
            return issue.updated
        return issue.resolved if name == "resolutiondate" else issue.values.get(name)

    def _when(self, name: str, value: Value) -> datetime:
        """Minutes, in the user's zone; epoch milliseconds; or so long ago."""
        if value.function and value.text.lower() == "now":
            return self._site.clock()
        if value.text.isdigit():
            return _to_the_minute(datetime.fromtimestamp(int(value.text) / 1000, UTC))
        if value.text[:1] == "-" and value.text[1:-1].isdigit() and value.text[-1] in _UNITS:
            minutes = int(value.text[1:-1]) * _UNITS[value.text[-1]]
            return _to_the_minute(self._site.clock()) - timedelta(minutes=minutes)
        for form in _FORMATS:
            try:
                return datetime.strptime(value.text, form).replace(tzinfo=self._zone)
            except ValueError:
                continue
        raise Refusal(
            400,
            f"Date value '{value.text}' for field '{name}' is invalid. Valid formats include:"
            " 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period"
            " format e.g. '-5d', '4w 2d'.",
        )

    # --- by words ---

    def _by_text(self, name: str, clause: Clause) -> Callable[[Issue], bool]:
        """Every word of it is there, as one phrase where it is in quotes."""
        asked = clause.values[0].text.lower()
        phrase = asked[:1] == '"' == asked[-1:] and len(asked) > 1
        words = [asked.strip('"')] if phrase else asked.replace('"', " ").split()
        wanted = clause.how == "~"

        def test(issue: Issue) -> bool:
            text = "\n".join(self._words(issue, name)).lower()
            return all(word in text for word in words) is wanted

        return test

    def _by_words(self, name: str, clause: Clause) -> Callable[[Issue], bool]:
        if clause.how not in ("=", "!=", "in", "not in"):
            raise Refusal(400, f"The operator '{clause.how}' is not supported by '{name}'.")
        if self._kind(name) in ("line", "text"):
            words = f"The operator '{clause.how}' is not supported by the '{name}' field."
            raise Refusal(400, words)
        wanted = {self._meant(name, value) for value in clause.values}
        negated = clause.how in ("!=", "not in")
        if name == "project":
            return self._in_projects(wanted, negated=negated)

        def test(issue: Issue) -> bool:
            words = {word.lower() for word in self._words(issue, name)}
            # Jira's "not" never finds what is empty.
            return bool(words) and not (words & wanted) if negated else bool(words & wanted)

        return test

    def _in_projects(self, wanted: set[str], *, negated: bool) -> Callable[[Issue], bool]:
        """Looked up once: it stands in every query."""
        found = {
            project.key
            for project in self._site.projects.values()
            if wanted & {each.lower() for each in (project.key, project.id, project.name)}
        }
        return lambda issue: (issue.project in found) is not negated

    def _meant(self, name: str, value: Value) -> str:
        if value.function:
            if value.text.lower() == "currentuser" and self._user is not None:
                return self._user.id.lower()
            raise Refusal(400, f"Unable to find JQL function '{value.text}()'.")
        text = value.text.lower()
        known = self._values(name)
        if known is not None and text not in known:
            words = f"The value '{value.text}' does not exist for the field '{name}'."
            if name == "key":
                words = f"An issue with key '{value.text}' does not exist for field 'key'."
            raise Refusal(400, words)
        return text

    def _values(self, name: str) -> set[str] | None:
        """What a field can be compared with; None: anything."""
        site = self._site
        if name == "key":
            return {each.lower() for each in (*site.keys, *site.issues)}
        if name == "project":
            return {each.lower() for p in site.projects.values() for each in (p.key, p.id, p.name)}
        if name == "status":
            flows = [p.workflow for p in site.projects.values()]
            return {
                word.lower() for f in flows for s in f.statuses.values() for word in (s.name, s.id)
            }
        if name in ("priority", "resolution", "issuetype"):
            ids = site.ids(name)
            return {each.lower() for each in (*ids, *ids.values())}
        return None

    def _words(self, issue: Issue, name: str) -> list[str]:
        """Everything that a field of an issue can be called by."""
        site = self._site
        if name == "key":
            return [issue.id, issue.key, *issue.former_keys]
        if name == "project":
            return [issue.project]
        if name in ("status", "statuscategory"):
            status = site.projects[issue.project].workflow.statuses[issue.status]
            if name == "status":
                return [status.name, status.id]
            return [status.category, _CATEGORY_NAMES[status.category]]
        return self._texts(issue, name)

    def _texts(self, issue: Issue, name: str) -> list[str]:
        comments = [each.text for each in issue.comments]
        if name == "comment":
            return comments
        if name == "text":
            own = [issue.values.get(each) for each in ("summary", "description")]
            return [str(each) for each in own if each] + comments
        kept = issue.values.get("customfield_10002" if name == "organizations" else name)
        if kept is None:
            return []
        if isinstance(kept, tuple):
            return list(kept)
        ids = site_id(self._site, name, str(kept))
        return [str(kept), *ids]


_CATEGORY_NAMES: Final = {"new": "To Do", "indeterminate": "In Progress", "done": "Done"}


def site_id(site: Site, name: str, kept: str) -> list[str]:
    """The id of a priority, resolution or type, where the field holds one."""
    return [site.ids(name)[kept]] if name in ("priority", "resolution", "issuetype") else []


@total_ordering
@dataclass(frozen=True, slots=True)
class _Down:
    """What is compared the other way round."""

    value: Any

    def __lt__(self, other: _Down) -> bool:
        return bool(self.value > other.value)


def _to_the_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _sortable(kept: Any) -> Any:
    return "" if kept is None else str(kept).lower()
