"""What of a shipped policy is written and waits, as the admin is told it."""

from __future__ import annotations

from pathlib import Path

from upheld.config import config_from
from upheld.config.starter import Answers, starter
from upheld.daemon.checks import check_site
from upheld.engine.terms import not_enforced
from upheld.policy import load_shipped
from upheld.policy.model import Clause
from upheld.source import parse


def clause(policy: str, name: str) -> Clause:
    """A clause of a shipped policy."""
    (found,) = (each for each in load_shipped(policy).clauses if each.id == name)
    return found


def lacks(policy: str, name: str) -> set[str]:
    """What the rules of a clause wait for."""
    return {lack for own, _, lack in not_enforced(load_shipped(policy)) if own.id == name}


def told_as_waiting(policy: str, folder: Path) -> set[str]:
    """The clauses that ``upheld check`` names as not enforced, on a site that starts from the policy."""
    answers = dict.fromkeys(Answers.__dataclass_fields__, "") | {
        "site": "waits",
        "policy": policy,
        "zone": "UTC",
        "name": "Ann",
        "customer": "Acme",
        "domain": "acme.example",
        "contact": "Pat",
        "contact_mail": "pat@acme.example",
    }
    text = starter(Answers(**answers), load_shipped(policy))  # type: ignore[arg-type]
    config = config_from(parse(f"{text}data: {folder / 'data'}\n", "upheld.yaml"), folder)
    begins = "read and published, not enforced by this version: "
    (told,) = (f.what for f in check_site(config) if f.what.startswith(begins))
    return set(told.removeprefix(begins).split(", "))
