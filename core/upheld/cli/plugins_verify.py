"""``upheld plugins verify``: a plugin's contract is run, and its grade told."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import print_json, say, table

if TYPE_CHECKING:
    from upheld.testing.kit.verify import Verdict

_GRADES: Final = ("bronze", "silver", "gold")
_COLUMNS: Final = ("assertion", "grade", "came to", "what it shows", "why")


@click.command()
@click.argument("name")
@click.option(
    "--live", is_flag=True, help="Against the real far end; where its contract tells how."
)
@click.option(
    "--at-least",
    type=click.Choice(_GRADES),
    default=_GRADES[0],
    show_default=True,
    help="Exit with 1 below this grade.",
)
@for_machines
@pass_app
def verify(app: App, name: str, live: bool, at_least: str) -> None:
    """Run the conformance contract that plugin NAME brings, and tell its grade."""
    verdict = _verdict(name, live)
    if app.json:
        print_json(told(verdict))
    else:
        _show(verdict)
    reached = verdict.grade.value
    sys.exit(0 if reached in _GRADES[_GRADES.index(at_least) :] else 1)


def told(verdict: Verdict) -> dict[str, Any]:
    """The verdict for machines."""
    return {
        "plugin": verdict.plugin,
        "kind": verdict.kind.value,
        "grade": verdict.grade.value,
        "live": verdict.live,
        "assertions": [
            {
                "id": each.assertion.id,
                "grade": each.assertion.grade.value,
                "title": each.assertion.title,
                "outcome": each.outcome.value,
                "reason": each.reason,
            }
            for each in verdict.shown
        ],
        "calls": dict(verdict.calls),
    }


def _verdict(name: str, live: bool) -> Verdict:
    from upheld.errors import ConfigError, NotFound
    from upheld.registry import Registry

    module = Registry.load([name]).plugin(name).conformance
    if module is None:
        then = "set `conformance` of its class to a module that holds it"
        raise NotFound(f"plugin '{name}' brings no contract", do_next=then)
    try:
        from upheld.testing.kit.verify import verify as run
    except ModuleNotFoundError as error:
        what = f"to verify a plugin needs '{error.name}', which is not installed"
        raise ConfigError(what, do_next="pip install 'upheld[testing]'") from error
    verdict = run(name, module, live=live)
    if live and not verdict.live:
        then = "its contract needs a `remote` that looks at UPHELD_LIVE, and credentials for it"
        raise ConfigError(f"there is no real far end of '{name}' here", do_next=then)
    return verdict


def _show(verdict: Verdict) -> None:
    rows = (
        (
            each.assertion.id,
            each.assertion.grade.value,
            each.outcome.value,
            each.assertion.title,
            each.reason,
        )
        for each in verdict.shown
    )
    table(_COLUMNS, rows)
    calls = ", ".join(f"{number} a {what}" for what, number in verdict.calls.items())
    where = "the real far end" if verdict.live else "a simulator"
    say(
        f"\n{verdict.plugin}: {verdict.grade.value}, against {where}. Calls: {calls or 'none told'}."
    )
