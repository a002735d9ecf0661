"""What a policy demands of a case, and to whom it is passed: a command a verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from upheld.cli.app import App
from upheld.cli.texts import text_of
from upheld.cli.verbs import OVERRIDE, done, known, receivers, tell, verb


@click.argument("step")
@click.argument("value", default="")
def _tick(app: App, *, case: str, step: str, value: str) -> None:
    """A STEP of a checklist of the policy is done; VALUE says what was found."""
    done(app, case, "tick", step, value)


@click.argument("why", default="")
@OVERRIDE
def _access(app: App, *, case: str, why: str, override: str) -> None:
    """Begin to work on what is the customer's."""
    done(app, case, "access", why, override=override)


@click.argument("words", default="")
def _confirm(app: App, *, case: str, words: str) -> None:
    """The customer agrees that it is solved: who said so, and how."""
    done(app, case, "confirm", text_of(words))


@click.argument("reason")
def _refuse(app: App, *, case: str, reason: str) -> None:
    """The customer says that it is not solved, for a REASON: it is open again."""
    done(app, case, "refuse", text_of(reason))


@click.argument("to")
@click.argument("reason")
@click.option(
    "--by", type=click.Choice(["staff", "customer"]), help="Who wants it; else who you are."
)
def _escalate(app: App, *, case: str, to: str, reason: str, by: str | None) -> None:
    """Escalate to a role, a queue or a desk, for a REASON; the severity stays."""
    with app.acting() as (site, actor):
        known(site, to, receivers(site.book.current()))
        site.verbs.escalate(case, actor, to, reason, by=by)
        tell(app, site, case)


@click.argument("desk")
@click.argument("reason")
@OVERRIDE
def _hand_over(app: App, *, case: str, desk: str, reason: str, override: str) -> None:
    """Give it to another DESK of the policy, for a REASON: it is their turn, and their time."""
    done(app, case, "hand_over", desk, text_of(reason), override=override)


@click.argument("note")
def _take_back(app: App, *, case: str, note: str) -> None:
    """Whoever it was escalated to has done their part: it is ours again, with a NOTE."""
    done(app, case, "take_back", text_of(note))


_BY_NAME: Final[Mapping[str, Callable[..., Any]]] = {
    "tick": _tick,
    "access": _access,
    "confirm": _confirm,
    "refuse": _refuse,
    "escalate": _escalate,
    "hand-over": _hand_over,
    "take-back": _take_back,
}
DEMANDS: Final[tuple[click.Command, ...]] = tuple(
    verb(name)(command) for name, command in _BY_NAME.items()
)
