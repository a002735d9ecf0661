"""``upheld policy test``: scenarios through the real engine, before anybody is promised anything."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import local, print_json, say, table

if TYPE_CHECKING:
    from upheld.rehearsal.compare import Compared
    from upheld.rehearsal.run import Rehearsed

_WORDS = ("when", "case", "what", "to", "clauses")


@click.command("test")
@click.argument("files", nargs=-1, required=True)
@click.option("--policy", metavar="POLICY", help="Try this one instead of what the files name.")
@click.option("--quiet", is_flag=True, help="Show only what is not as expected.")
@for_machines
@pass_app
def test_command(app: App, *, files: Sequence[str], policy: str | None, quiet: bool) -> None:
    """Try a policy: what would be sent, and how would its clocks stand?

    FILES hold scenarios, in YAML or JSON; the name of a policy that ships with Upheld stands for
    its own. Nothing is stored or sent. Exits with 1 where anything is not as it was expected.
    """
    from upheld.rehearsal.run import rehearse

    done = [each for name in files for each in rehearse(name, policy)]
    if app.json:
        print_json(_plain(done))
    else:
        _show(done, quiet=quiet)
    sys.exit(0 if all(each.found.ok for each in done) else 1)


def _plain(done: Sequence[Rehearsed]) -> Any:
    """The only scenario itself; of several a list, and whether all is well."""
    plain = [each.as_plain() for each in done]
    if len(plain) == 1:
        return plain[0]
    return {"ok": all(each.found.ok for each in done), "scenarios": plain}


def _show(done: Sequence[Rehearsed], *, quiet: bool) -> None:
    for each in done:
        if not each.scenario.compares:
            _tell(each)
        elif not each.found.ok:
            say(f"FAIL  {each.scenario.name}")
            table(("", *_WORDS), _wrong(each.found))
            say()
        elif not quiet:
            say(f"ok    {each.scenario.name}")
    compares = [each for each in done if each.scenario.compares]
    failed = sum(not each.found.ok for each in compares)
    if compares:
        say(f"\n{len(compares) - failed} of {len(compares)} as expected.")


def _tell(each: Rehearsed) -> None:
    """What would happen, where nothing is expected."""
    say(each.scenario.name)
    rows = [
        (_at(m.at), m.case, m.purpose.replace("_", " "), m.to, ", ".join(m.clauses))
        for m in each.played.messages
    ]
    table(_WORDS, rows, empty="nobody would be told anything")
    say()
    clocks = [
        (case, run.clause, run.target.replace("_", " "), run.state.value, _at(run.due))
        for case, run in each.played.clocks
    ]
    table(("case", "clause", "clock", "stands", "due"), clocks, empty="no clock would run")


def _wrong(found: Compared) -> Iterator[tuple[str, ...]]:
    for wanted in found.missing:
        clauses = ", ".join(sorted(wanted.clauses or ()))
        yield "missing", _at(wanted.at), wanted.case, wanted.purpose, wanted.to, clauses
    for said in found.unexpected:
        clauses = ", ".join(said.clauses)
        yield "unexpected", _at(said.at), said.case, said.purpose, said.to, clauses
    for wanted, said in found.late:
        came = f"came at {_at(said.at)}"
        yield "late", _at(wanted.at), wanted.case, wanted.purpose, wanted.to, came
    for clock, run in found.clocks:
        stands = f"{run.state.value}, due {_at(run.due) or '-'}" if run else "there is none"
        said_of = f"{clock.verdict or '-'}, due {_at(clock.due) or '-'}"
        yield (
            "clock",
            "",
            clock.case,
            clock.target or "clock",
            f"{said_of}; is {stands}",
            clock.clause,
        )


def _at(at: int | None) -> str:
    return local(at, "UTC", seconds=True)
