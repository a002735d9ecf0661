"""Writes docs/reference/clauses.md, what shows each promise: ``python scripts/clauses.py``."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from upheld.engine.terms import not_enforced
from upheld.policy import Policy, load_shipped
from upheld.policy.model import Clause

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "reference" / "clauses.md"
TESTS: Final = ROOT / "tests" / "acceptance"
SHIPPED: Final = "core/upheld/policy/shipped"
#: In the order in which their documents were written down.
POLICIES: Final = ("magnolia", "xecuritas", "managry", "medusa")
#: ``test_m_14_once_only`` shows M-14; ``test_m_12_m_18_…`` shows both.
_TEST: Final = re.compile(r"test((?:_[a-z]_\d\d)+)_")
_SCENARIO: Final = re.compile(r"^ *- name: \"?([A-Z]-\d\d)", re.MULTILINE)

_HEAD: Final = """\
# The clauses

Each promise of the policies that ship with Upheld: its sentence as it is published, where it stands, what
shows that it is kept, and how far. `scripts/clauses.py` writes this page; a test holds it up to date.

A test is a function of tests/acceptance named after its clause; a scenario stands beside the policies and
runs with `upheld policy test`. *Enforced*: its rules run. *Kept by*: the rules of other clauses keep it.
*Said*: there is nothing to enforce. *Waits*: it is read and checked, and needs what this version has not.
"""

Shown = Mapping[str, list[tuple[str, int]]]


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The whole page."""
    shown = tests()
    return "\n".join([_HEAD, *(_policy(name, shown) for name in POLICIES)])


def tests() -> Shown:
    """Clause id -> the files that have tests of it, and how many."""
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for file in sorted(TESTS.glob("test_*.py")):
        for clause, count in Counter(_tested(file)).items():
            found[clause].append((file.name, count))
    return found


def _tested(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and (named := _TEST.match(node.name)):
            yield from re.sub("_(.)_(..)", r"\1-\2 ", named[1].upper()).split()


def scenarios(name: str) -> Counter[str]:
    """Clause id -> how many scenarios of this policy are named after it."""
    file = files("upheld.policy").joinpath("shipped", "scenarios", f"{name}.yaml")
    return Counter(_SCENARIO.findall(file.read_text(encoding="utf-8")) if file.is_file() else ())


def _policy(name: str, shown: Shown) -> str:
    policy, told = load_shipped(name), scenarios(name)
    rows = (_row(policy, name, clause, shown, told) for clause in policy.clauses)
    lines = [
        f"## {policy.name}\n",
        f"`policy: {name}`, {len(policy.clauses)} clauses, {sum(told.values())} scenarios.\n",
        "| clause | sentence | stands at | shown by | state |",
        "|---|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def _row(policy: Policy, name: str, clause: Clause, shown: Shown, told: Counter[str]) -> str:
    line = clause.place.line
    place = f"[{name}.yaml:{line}](../../{SHIPPED}/{name}.yaml)"
    by = [f"[{_count(n, 'test')}](../../tests/acceptance/{f})" for f, n in shown.get(clause.id, ())]
    if told[clause.id]:
        by.append(_count(told[clause.id], "scenario"))
    cells = (clause.id, clause.published, place, ", ".join(by), state(policy, clause))
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def state(policy: Policy, clause: Clause) -> str:
    """How far a clause is kept by this version."""
    if clause.statement:
        return "said"
    if clause.kept_by:
        return f"kept by {', '.join(clause.kept_by)}"
    lacks = [lack for own, _, lack in not_enforced(policy) if own.id == clause.id]
    if not lacks:
        return "enforced"
    waits = f"waits for {' and '.join(dict.fromkeys(lacks))}"
    return waits if len(lacks) >= len(clause.rules) else f"enforced; {waits}"


if __name__ == "__main__":
    main()
