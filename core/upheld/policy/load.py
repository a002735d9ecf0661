"""A policy from its file: read, checked as a whole, frozen, and named by its content."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from upheld.calendar.wall import zone_named
from upheld.errors import ConfigError, NotFound
from upheld.policy.calendars import read_calendar
from upheld.policy.catalogued import (
    read_desks,
    read_kinds,
    read_outcomes,
    read_products,
    read_tiers,
)
from upheld.policy.checks import check_policy
from upheld.policy.conditions import read_condition
from upheld.policy.extend import extended
from upheld.policy.model import (
    ALWAYS,
    AnyRule,
    Clause,
    Condition,
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
    "kinds",
    "tiers",
    "desks",
    "zone",
    "for",
    "roles",
    "queues",
    "defaults",
    "needs",
    "document",
)
#: What `for` may ask.
FOR: Final = ("product", "plan", "customer_kind", "from", "source", "words", "field")
#: Ids and names become parts of the keys of steps, between slashes.
_NAME: Final = re.compile(r"[\w.-]{1,80}")
#: Characters that YAML does not take, or takes for the end of a line.
_UNPRINTED: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_OF: Final = "letters, digits, dots, hyphens and underscores"
_SEVERITY: Final = ("name", "means")
_DEFAULTS: Final = ("severity", "plan")
_NEEDS: Final = ("queues", "links", "templates", "flags")
_SECTION: Final = ("heading", "text", "clauses")
_CLAUSE: Final = ("id", "says", "reading", "rules", "kept_by", "statement")


def shipped() -> tuple[str, ...]:
    """The names of the policies that ship with Upheld."""
    folder = files("upheld.policy").joinpath("shipped")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".yaml")))


@cache  # what ships does not change while the program runs
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
    policy = _head(reader.root())
    # In a list that could not be read, every name would seem to be missing.
    listed = not reader.problems
    policy = replace(policy, sections=_sections(reader.root()))
    if listed:
        check_policy(policy, reader)
    reader.finish()
    return replace(policy, version=_version(policy))


def _document(source: Document | Path | str) -> Document:
    if isinstance(source, Document):
        return source
    return read(source) if isinstance(source, Path) else parse(source, "policy")


@cache
def _shipped(name: str) -> Document:
    if name not in shipped():
        raise NotFound(f"no policy {name!r} ships with Upheld", do_next=suggest(name, shipped()))
    file = files("upheld.policy").joinpath("shipped", f"{name}.yaml")
    return parse(file.read_text(encoding="utf-8"), f"{name}.yaml")


def _base_beside(document: Document) -> Base:
    def base(name: str) -> Document:
        beside = Path(document.file).parent / name
        if name not in shipped() and _is_file(beside):
            return read(beside)
        return _shipped(name)

    return base


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # no file has so long a name
        return False


def _head(root: Node) -> Policy:
    """The policy without its sections: all that they may name."""
    if not root.keys(_TOP):
        return Policy("", "", "", "", (), {}, {}, {})
    for key in ("severities", "document"):
        if not root.has(key):
            root.wrong(f"`{key}` is missing")
    roles = root.at("roles")
    tiers = read_tiers(root.at("tiers"))
    needs = _needs(root.at("needs"), root.at("queues").texts())
    calendars = {str(k): read_calendar(str(k), n) for k, n in root.at("calendars").entries()}
    names = {
        "tier": tiers,
        "calendar": calendars,
        "queue": needs.queues,
        "people": roles.value or (),
    }
    return Policy(
        name=root.needed("policy"),
        label=root.at("version").text(),
        published_by=root.at("published_by").text(),
        version="",
        sections=(),
        severities=dict(_severities(root.at("severities"))),
        calendars=calendars,
        roles={str(key): roles.needed(key) for key, _ in roles.entries()},
        needs=needs,
        plans=_raw(root.at("plans")),
        **_defaults(root),
        outcomes=read_outcomes(root.at("outcomes")),
        kinds=read_kinds(root.at("kinds")),
        products=read_products(root.at("products")),
        tiers=tiers,
        desks=read_desks(root.at("desks"), names),
        zone=_zone(root.at("zone")),
        applies=_for(root.at("for")),
        source=canonical(root.value),
    )


def _for(node: Node) -> Condition:
    """Which new cases a policy is for: told by what is known before there is a policy."""
    if node.value is None:
        return ALWAYS
    found = read_condition(node)
    for test in found.tests:
        if test.key.partition(".")[0] not in FOR:
            node.wrong(
                f"{test.key!r} is not known before a case is opened", f"ask for {', '.join(FOR)}"
            )
    return found


def _defaults(root: Node) -> Mapping[str, Any]:
    """What counts where nothing is said: names of the lists in the same file."""
    node = root.at("defaults")
    if node.value is None or not node.keys(_DEFAULTS):
        return {}
    severity, plan = node.at("severity").integer(), node.at("plan").maybe()
    for name, value, listed in (("severity", severity, "severities"), ("plan", plan, "plans")):
        known = root.at(listed).value
        if value is not None and isinstance(known, Mapping) and value not in known:
            node.at(name).wrong(
                f"there is no {name} {value!r}", suggest(str(value), map(str, known))
            )
    return {"default_severity": severity, "default_plan": plan}


def _zone(node: Node) -> str:
    name = node.text("UTC")
    try:
        zone_named(name)
    except ConfigError as error:
        node.wrong(error.what, error.do_next)
    return name


def canonical(data: Any) -> str:
    """The content of a policy as one line of YAML, without comments: what the version hashes."""
    if isinstance(data, Mapping):
        # Numbers stay numbers as keys, which JSON would not let them.
        inside = (f"{canonical(key)}: {canonical(value)}" for key, value in data.items())
        return "{" + ", ".join(inside) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(map(canonical, data)) + "]"
    if isinstance(data, str):
        return _UNPRINTED.sub(_escaped, json.dumps(data, ensure_ascii=False))
    return json.dumps(data)


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _version(policy: Policy) -> str:
    name = "".join(c if c.isalnum() else "-" for c in policy.name.split(" ")[0].lower())
    return f"{name}-{sha256(policy.source.encode()).hexdigest()[:12]}"


def _raw(node: Node) -> Mapping[str, Any]:
    return {str(key): inside.value for key, inside in node.mapping()}


def _severities(node: Node) -> Iterable[tuple[int, Severity]]:
    if node.value == {}:
        node.wrong("is empty", "name at least one: `1: {name: Urgent, means: ...}`")
    for key, inside in node.entries():
        if not isinstance(key, int) or not 0 < key < 100:
            inside.wrong("a severity is a number, 1 the most urgent")
        elif inside.keys(_SEVERITY):
            yield key, Severity(key, inside.needed("name"), inside.at("means").text())


def _needs(node: Node, queues: tuple[str, ...]) -> Needs:
    if node.value is None or not node.keys(_NEEDS):
        return Needs(queues)
    return Needs(
        queues=(*queues, *node.at("queues").texts()),
        links=node.at("links").texts(),
        templates=node.at("templates").texts(),
        flags={str(key): inside.text() for key, inside in node.at("flags").mapping()},
    )


def _sections(root: Node) -> tuple[Section, ...]:
    if not isinstance(root.value, Mapping):
        return ()
    return tuple(_section(node) for node in root.at("document").some())


def _section(node: Node) -> Section:
    if not node.keys(_SECTION):
        return Section("", ())
    return Section(
        heading=node.needed("heading"),
        clauses=tuple(_clause(item) for item in node.at("clauses").list()),
        text=node.at("text").maybe(),
    )


def _clause(node: Node) -> Clause:
    kind = _kind(node)
    if not node.keys((*_CLAUSE, *(KEYS[kind] if kind else _misplaced(node)))):
        return Clause("", "", "", node.place)
    before = len(node.reader.problems)
    _one_way(node, kind)
    rules = _rules(node, kind)
    clause = Clause(
        id=node.name("id", _NAME, _OF),
        says=node.needed("says"),
        published="",
        place=node.place,
        reading=node.at("reading").maybe(),
        rules=rules,
        kept_by=tuple(item.text() for item in node.at("kept_by").some()),
        statement=node.at("statement").value is True,
    )
    if len(node.reader.problems) > before:
        return clause  # a number that could not be read can't be published
    return replace(clause, published=published(clause, node))


def _one_way(node: Node, kind: str | None) -> None:
    ways = ("rules", "kept_by", "statement")
    if (kind is not None) + sum(node.has(way) for way in ways) != 1:
        node.wrong("needs exactly one of a rule, `rules`, `kept_by` and `statement: true`")
    if node.has("statement") and node.at("statement").value is not True:
        node.at("statement").wrong("can only be `true`", "leave it out where a rule enforces it")


def _kind(node: Node) -> str | None:
    """The kind of rule whose keys stand in the node."""
    kinds = [kind for kind in KEYS if node.has(kind)]
    if len(kinds) > 1:
        node.wrong(
            f"has two rules ({', '.join(kinds)})", "put them under `rules:`, each with a name"
        )
    return kinds[0] if kinds else None


def _misplaced(node: Node) -> tuple[str, ...]:
    """The kinds of rules, so that a misspelt one is suggested; none of them is there."""
    return () if node.has("rules") else tuple(KEYS)


def _rules(node: Node, kind: str | None) -> tuple[AnyRule, ...]:
    if kind is not None:
        return (read_rule(kind, node, node.at("id").text()),)
    found: list[AnyRule] = []
    items = node.at("rules").some()
    for item in items:
        kind = _kind(item)
        if not item.keys(("name", *(KEYS[kind] if kind else KEYS))):
            continue
        if kind is None:
            item.wrong("is no rule", f"it needs one of: {', '.join(KEYS)}")
            continue
        rule = read_rule(kind, item, _name(node, item, only=len(items) == 1))
        if rule.name in {other.name for other in found}:
            item.wrong(f"the name {rule.name!r} stands twice", "a rule is known by clause and name")
        found.append(rule)
    return tuple(found)


def _name(clause: Node, rule: Node, *, only: bool) -> str:
    if only and not rule.has("name"):
        return clause.at("id").text()
    return rule.name("name", _NAME, _OF)
