"""A first upheld.yaml from a few answers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Final

from upheld.policy.model import Policy

_NOT_IN_IDS: Final = re.compile(r"[^a-z0-9]+")
_NO_WORDS: Final = frozenset({"null", "true", "false"})
OPERATOR: Final = "operator"


@dataclass(frozen=True, slots=True)
class Answers:
    """What is asked: texts as people write them; "" where there is none. ``today`` is ISO."""

    site: str
    policy: str
    zone: str
    name: str
    mail: str
    phone: str
    mailbox: str
    imap: str
    smtp: str
    pagerduty: bool
    customer: str
    domain: str
    contact: str
    contact_mail: str
    contact_phone: str
    today: str


def starter(answers: Answers, policy: Policy, tracker: Sequence[str] = ()) -> str:
    """The text of an upheld.yaml that ``check`` accepts once its secrets are there. ``tracker`` are the
    lines of another connection."""
    from jinja2 import Environment, StrictUndefined

    # Not HTML: quoting is YAML's, by the filter.
    jinja = Environment(trim_blocks=True, undefined=StrictUndefined, autoescape=False)  # noqa: S701
    jinja.filters["quoted"] = _quoted
    text = files("upheld.config").joinpath("starter.txt").read_text(encoding="utf-8")
    given = {
        name: " ".join(v.split()) if isinstance(v, str) else v
        for name, v in asdict(answers).items()
    }
    return (
        jinja.from_string(text).render(
            given,
            tracker=tracker,
            person=slug(answers.name.split()[0], "me"),
            customer_id=slug(answers.customer, "customer"),
            roles=[*policy.roles, *([OPERATOR] if OPERATOR not in policy.roles else [])],
            links=policy.needs.links,
            plan=next(iter(policy.plans), ""),
        )
        + "\n"
    )


def slug(text: str, otherwise: str) -> str:
    """A short name out of a long one: ``Acme Internet`` is ``acme-internet``.

    ``otherwise`` where nothing is left that YAML would read as a word.
    """
    found = _NOT_IN_IDS.sub("-", text.lower()).strip("-")
    return found if found[:1].isalpha() and found not in _NO_WORDS else otherwise


def _quoted(text: str) -> str:
    """A text as YAML takes it, whatever stands in it: JSON is YAML."""
    return json.dumps(text, ensure_ascii=False)
