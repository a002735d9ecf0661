"""A policy from its file: read, checked as a whole, frozen, and named by its content."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from upheld.calendar.spec import CalendarSpec
from upheld.errors import ConfigError, NotFound
from upheld.policy.checks import check_policy
from upheld.policy.extend import extended
from upheld.policy.model import (
    AnyRule,
    Clause,
    Elapsed,
    Needs,
    Policy,
    Section,
    Severity,
)
from upheld.policy.publish import published
from upheld.policy.reader import Node, Reader
from upheld.policy.rules import KEYS, read_rule
from upheld.source import Document, parse, read, suggest

Base = Callable[[str], Document]
_TOP: Final = (
    "policy",
    "version",
    "published_by",
    "extends",
    "calendars",
    "severities",
    "plans",
    "products",
    "outcomes",
    "roles",
    "queues",
    "defaults",
    "needs",
    "document",
)
_CLAUSE: Final = ("id", "says", "reading", "rules", "kept_by", "statement")


def shipped() -> tuple[str, ...]:
    """The names of the policies that ship with Upheld."""
    folder = files("upheld.policy").joinpath("shipped")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".yaml")))


def load_shipped(name: str) -> Policy:
    """A policy that ships with Upheld; ``NotFound`` names those there are."""
    return load_policy(_shipped(name))


def load_policy(source: Document | Path | str, *, base: Base | None = None) -> Policy:
    """A policy from a document, a path or a text; ``ConfigError`` holds all that is wrong.

    ``base`` reads what ``extends:`` names: a shipped policy by default, or a path beside the file.
    """
    document = _document(source)
    whole = extended(document, base or _base_beside(document))
    reader = Reader(whole)
    policy = _policy(reader.root())
    if not reader.problems:
        check_policy(policy, reader)
    if reader.problems:
        raise ConfigError.several(tuple(reader.problems))
    return policy


def _document(source: Document | Path | str) -> Document:
    if isinstance(source, Document):
        return source
    return read(source) if isinstance(source, Path) else parse(source, "policy")


def _shipped(name: str) -> Document:
    if name not in shipped():
        raise NotFound(f"no policy {name!r} ships with Upheld", do_next=suggest(name, shipped()))
    file = files("upheld.policy").joinpath("shipped", f"{name}.yaml")
    return parse(file.read_text(encoding="utf-8"), f"{name}.yaml")


def _base_beside(document: Document) -> Base:
    def base(name: str) -> Document:
        beside = Path(document.file).parent / name
        if name not in shipped() and beside.is_file():
            return read(beside)
        return _shipped(name)

    return base


def _policy(root: Node) -> Policy:
    if not root.keys(_TOP):
        return _nothing()
    for key in ("policy", "severities", "document"):
        if not root.has(key):
            root.wrong(f"`{key}` is missing")
    sections = tuple(_section(node) for node in root.at("document").items())
    policy = Policy(
        name=root.at("policy").text(),
        label=root.at("version").text(),
        published_by=root.at("published_by").text(),
        version="",
        sections=sections,
        severities=dict(_severities(root.at("severities"))),
        calendars={str(k): _calendar(str(k), n) for k, n in root.at("calendars").mapping()},
        roles={str(key): node.text() for key, node in root.at("roles").mapping()},
        needs=_needs(root.at("needs")),
        **{key: _raw(root.at(key)) for key in ("plans", "defaults", "outcomes", "products")},
        source=canonical(root.value),
    )
    return replace(policy, version=_version(policy))


def canonical(data: Any) -> str:
    """The content of a policy as one line of YAML, without comments: what the version hashes."""
    if isinstance(data, Mapping):
        # Numbers stay numbers as keys, which JSON would not let them.
        inside = (f"{canonical(key)}: {canonical(value)}" for key, value in data.items())
        return "{" + ", ".join(inside) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(map(canonical, data)) + "]"
    return json.dumps(data, ensure_ascii=False)


def _version(policy: Policy) -> str:
    name = "".join(c if c.isalnum() else "-" for c in policy.name.split(" ")[0].lower())
    return f"{name}-{sha256(policy.source.encode()).hexdigest()[:12]}"


def _nothing() -> Policy:
    return Policy("", "", "", "", (), {}, {}, {})


def _raw(node: Node) -> Mapping[str, Any]:
    return {str(key): inside.value for key, inside in node.mapping()}


def _severities(node: Node) -> Iterable[tuple[int, Severity]]:
    for key, inside in node.mapping():
        if not isinstance(key, int) or key < 1:
            inside.wrong("a severity is a number, 1 the most urgent")
        elif inside.keys(("name", "means")):
            yield key, Severity(key, inside.at("name").text(), inside.at("means").text())


def _calendar(name: str, node: Node) -> CalendarSpec:
    node.keys(("hours", "zone", "week", "holidays", "extra", "day"))
    hours = node.at("hours")
    if hours.value not in {None, "24x7"}:
        hours.wrong("can only be `24x7`", "write `week:` for working hours")
    if (hours.value is None) == (not node.has("week")):
        node.wrong("needs either `hours: 24x7` or `week`")
    holidays = node.at("holidays")
    listed = isinstance(holidays.value, list)
    return CalendarSpec(
        name,
        always=hours.value is not None,
        zone=node.at("zone").text("UTC"),
        week={str(key): inside.texts() for key, inside in node.at("week").mapping()},
        holidays=holidays.texts() if listed else (),
        extra={str(key): inside.texts() for key, inside in node.at("extra").mapping()},
        holiday_source=None if listed or holidays.value is None else _raw(holidays),
        day=_day(node.at("day")),
    )


def _day(node: Node) -> int | None:
    length = node.duration()
    if length is None:
        return None
    if isinstance(length, Elapsed):
        return length.span
    node.wrong("is the length of a working day", "write `9 hours`")
    return None


def _needs(node: Node) -> Needs:
    if node.value is None or not node.keys(("queues", "links", "templates", "flags")):
        return Needs()
    return Needs(
        queues=node.at("queues").texts(),
        links=node.at("links").texts(),
        templates=node.at("templates").texts(),
        flags={str(key): inside.text() for key, inside in node.at("flags").mapping()},
    )


def _section(node: Node) -> Section:
    node.keys(("heading", "text", "clauses"))
    return Section(
        heading=node.at("heading").text(),
        clauses=tuple(_clause(item) for item in node.at("clauses").items()),
        text=node.at("text").maybe(),
    )


def _clause(node: Node) -> Clause:
    kind = _kind(node, _CLAUSE)
    node.keys((*_CLAUSE, *(KEYS[kind] if kind else ())))
    for key in ("id", "says"):
        if not node.has(key):
            node.wrong(f"`{key}` is missing")
    rules = _rules(node, kind)
    clause = Clause(
        id=node.at("id").text(),
        says=node.at("says").text(),
        published="",
        place=node.place,
        reading=node.at("reading").maybe(),
        rules=rules,
        kept_by=node.at("kept_by").texts(),
        statement=node.at("statement").value is True,
    )
    ways = bool(rules) + bool(clause.kept_by) + clause.statement
    if ways != 1 and not node.reader.problems:
        node.wrong("needs exactly one of a rule, `rules`, `kept_by` and `statement: true`")
    return replace(clause, published=published(clause, node))


def _kind(node: Node, beside: tuple[str, ...]) -> str | None:
    keys = node.value if isinstance(node.value, Mapping) else {}
    kinds = [kind for kind in KEYS if kind in keys]
    if len(kinds) > 1:
        node.wrong(
            f"has two rules ({', '.join(kinds)})", "put them under `rules:`, each with a name"
        )
    if not kinds:
        for key in keys:
            if key not in beside:
                node.at(str(key)).wrong("there is no such key", suggest(str(key), (*beside, *KEYS)))
    return kinds[0] if kinds else None


def _rules(node: Node, kind: str | None) -> tuple[AnyRule, ...]:
    if kind is not None:
        if node.has("rules"):
            node.wrong("has a rule of its own and `rules`", "put them all under `rules:`")
        return (read_rule(kind, node, node.at("id").text()),)
    found: list[AnyRule] = []
    items = node.at("rules").items()
    for item in items:
        kind = _kind(item, ("name",))
        if kind is None:
            item.wrong("is no rule", f"it needs one of: {', '.join(KEYS)}")
            continue
        item.keys(("name", *KEYS[kind]))
        name = item.at("name").text(node.at("id").text() if len(items) == 1 else "")
        if not name or name in {rule.name for rule in found}:
            item.wrong("needs a name of its own", "a rule is known by clause and name")
        found.append(read_rule(kind, item, name))
    return tuple(found)
