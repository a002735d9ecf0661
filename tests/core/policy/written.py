"""A small policy around the piece of text that a test is about."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import pytest

from upheld.errors import ConfigError
from upheld.policy import Policy, load_policy

R = TypeVar("R")

#: What a rule may name. The clauses of a test follow in its last section, from line 16 on.
HEAD: Final = """\
policy: Small
calendars:
  office: {week: {mon-fri: "08:00-17:00"}, day: 9 hours}
  uneven: {week: {mon: "08:00-17:00", tue: "08:00-12:00"}}
severities: {1: {name: Urgent}, 2: {name: Medium}}
roles: {lead: Team lead, desk: The desk}
plans: {standard: {}, premier: {}}
needs:
  queues: [first-line]
  templates: [reminder]
  links: [help]
  flags: {on_site: somebody is there}
document:
- heading: Promises
  clauses:
"""


def clause(text: str, *, says: str = "We do.") -> str:
    """The policy with one clause ``C-1``, of the rule in ``text``."""
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return f'{HEAD}  - id: C-1\n    says: "{says}"\n{lines}'


def rule(text: str, kind: type[R], *, says: str = "We do.") -> R:
    """The one rule of that clause."""
    (found,) = load_policy(clause(text, says=says)).clauses[0].rules
    assert isinstance(found, kind)
    return found


def refused(text: str) -> ConfigError:
    """What is wrong with a policy."""
    with pytest.raises(ConfigError) as caught:
        load_policy(text)
    return caught.value


def wrong(text: str) -> list[str]:
    """What is wrong with the rule in ``text``: line:column, key, error and what to do, a line each."""
    return told(refused(clause(text)))


def told(error: ConfigError) -> list[str]:
    """Every problem in one line, without the file's name; keys of ``C-1`` as seen from there."""
    return [" → ".join(_parts(problem)) for problem in error.problems]


def _parts(problem: ConfigError) -> list[str]:
    where: Any = problem.where
    what = f"{where.line}:{where.column} {problem.what.removeprefix('document.0.clauses.0.')}"
    return [what, problem.do_next] if problem.do_next else [what]


def loaded(*clauses: str) -> Policy:
    """A policy of several clauses, each in flow style."""
    return load_policy(HEAD + "".join(f"  - {each}\n" for each in clauses))


def refusal(text: str) -> str:
    """The one thing that is wrong with a rule, without its place."""
    (problem,) = wrong(text)
    return problem.partition(" ")[2]
