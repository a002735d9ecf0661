"""What is done to a case: one small command a verb. Each names who does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from upheld.cli.app import App, for_machines, in_the_name, pass_app
from upheld.cli.output import print_json, say
from upheld.cli.texts import coming, text_of

if TYPE_CHECKING:
    from upheld.daemon.site import Site
    from upheld.policy import Policy

OVERRIDE: Final = click.option(
    "--override", default="", metavar="WHY", help="Why it may be so all the same."
)


def tell(app: App, site: Site, case: str) -> None:
    """How the case stands now."""
    from upheld.cli.case_lines import as_object, sentence

    with site.ledger.reading() as tx:
        found = tx.case(tx.find(case))
    if app.json:
        print_json(as_object(found))
    else:
        say(sentence(found, site.config.zone))


def verb(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command with a case in front, ``--as`` and ``--json``."""

    def made(command: Callable[..., Any]) -> click.Command:
        with_case = click.argument("case")(in_the_name(for_machines(pass_app(command))))
        return click.command(name)(with_case)

    return made


def done(app: App, case: str, verb: str, *arguments: Any, **options: Any) -> None:
    """Do it in the caller's name, and tell how the case stands then."""
    with app.acting() as (site, actor):
        getattr(site.verbs, verb)(case, actor, *arguments, **options)
        tell(app, site, case)


@click.argument("severity", type=int, required=False)
@click.option("--number", help="The number it gets; the tracker's, or the next, where left out.")
@click.option("--reason", default="", help="Why this severity.")
@click.option("--reject", metavar="WHY", help="It needs no number: close it with this reason.")
def _triage(
    app: App,
    *,
    case: str,
    severity: int | None,
    number: str | None,
    reason: str,
    reject: str | None,
) -> None:
    """Review a new case: set its SEVERITY and number it, or reject it."""
    if (severity is None) == (reject is None):
        raise click.UsageError("Give a SEVERITY, or --reject WHY.")
    if reject is not None:
        done(app, case, "reject", reject)
    else:
        done(app, case, "triage", severity, number=number, reason=reason)


@click.argument("severity", type=int)
@click.option("--reason", default="", help="Why it changes.")
def _severity(app: App, *, case: str, severity: int, reason: str) -> None:
    """Raise or lower the severity; raising it to 1 pages at once."""
    done(app, case, "severity", severity, reason)


@click.argument("flag")
@click.option("--off", is_flag=True, help="Clear it.")
def _flag(app: App, *, case: str, flag: str, off: bool) -> None:
    """Set a FLAG of the policy, or clear it."""
    done(app, case, "flag", flag, on=not off)


@click.argument("outcome", required=False)
@click.option("--none", is_flag=True, help="It is a problem to solve after all.")
@click.option("--reason", required=True, metavar="WHY", help="Why; customers may be told.")
@click.option("--about", default="", metavar="NAME", help="Whose product, which alteration …")
def _outcome(
    app: App, *, case: str, outcome: str | None, none: bool, reason: str, about: str
) -> None:
    """Say what it turned out to be: an OUTCOME of the policy, which may stop its clocks."""
    if (outcome is None) != none:
        raise click.UsageError("Give an OUTCOME, or --none.")
    done(app, case, "outcome", outcome, reason, about)


@click.argument("kind")
def _kind(app: App, *, case: str, kind: str) -> None:
    """Say what KIND of request it is."""
    done(app, case, "kind", kind)


@click.option("--title", default="", help="What it is about.")
@click.option("--customer", default="", metavar="ID", help="Whose it is.")
@click.option("--reporter", default="", metavar="ADDRESS", help="Who reported it.")
def _restate(app: App, *, case: str, title: str, customer: str, reporter: str) -> None:
    """Say otherwise what it is about or whose it is. Nobody of another customer hears of it any more."""
    done(app, case, "restate", title=title, customer=customer, reporter=reporter)


@click.argument("to")
def _assign(app: App, *, case: str, to: str) -> None:
    """Say who is to work it (a person or a role). Not work by itself."""
    with app.acting() as (site, actor):
        known(site, to)
        site.verbs.assign(case, actor, to)
        tell(app, site, case)


@click.argument("queue")
def _queue(app: App, *, case: str, queue: str) -> None:
    """Move it to another QUEUE."""
    done(app, case, "queue", queue)


@OVERRIDE
def _work(app: App, *, case: str, override: str) -> None:
    """Begin: from here on the case is being worked."""
    done(app, case, "work", override=override)


@click.argument("text")
def _reply(app: App, *, case: str, text: str) -> None:
    """Answer the customer: TEXT goes out to them (`-` reads standard input)."""
    done(app, case, "reply", text_of(text))


@click.argument("text")
def _note(app: App, *, case: str, text: str) -> None:
    """Write an internal note: TEXT stays here (`-` reads standard input)."""
    done(app, case, "note", text_of(text))


@click.argument("text", default="")
@click.option("--to", default="", help="With whom.")
def _call(app: App, *, case: str, text: str, to: str) -> None:
    """Log that the customer was spoken to."""
    done(app, case, "call", text_of(text), to)


def _ack(app: App, *, case: str) -> None:
    """Answer a page: it stops the ringing, not the escalation."""
    done(app, case, "acknowledge")


@click.option("--reason", default="", help="Why the whole team is needed.")
def _mobilise(app: App, *, case: str, reason: str) -> None:
    """Call in the whole support team."""
    done(app, case, "mobilise", reason)


@click.argument("party", type=click.Choice(["customer", "vendor"]))
def _wait(app: App, *, case: str, party: str) -> None:
    """The case waits for the customer, or for a vendor."""
    done(app, case, "wait", party)


@click.argument("reason")
@click.option(
    "--until", metavar="WHEN", help="`3 days`, or `2026-12-01 09:00`; else until released."
)
def _hold(app: App, *, case: str, reason: str, until: str | None) -> None:
    """Arrange that the case may wait, for a REASON."""
    with app.acting() as (site, actor):
        now, zone = site.clock.now(), site.config.zone
        end = coming(until, now=now, zone=zone) if until else None
        site.verbs.hold(case, actor, reason, end)
        tell(app, site, case)


def _release(app: App, *, case: str) -> None:
    """End a hold."""
    done(app, case, "release")


@click.argument("item")
@click.argument("value", default="")
def _provide(app: App, *, case: str, item: str, value: str) -> None:
    """Record an ITEM that the policy requires: a waiver, a version, a cause."""
    done(app, case, "provide", item, value)


@click.argument("text", default="")
@click.option("--how", type=click.Choice(["fix", "workaround", "plan"]), default="fix")
@OVERRIDE
def _resolve(app: App, *, case: str, text: str, how: str, override: str) -> None:
    """It is solved; TEXT says what was done."""
    done(app, case, "resolve", text_of(text), how=how, override=override)


@click.argument("reason", default="")
@OVERRIDE
def _close(app: App, *, case: str, reason: str, override: str) -> None:
    """It is over."""
    done(app, case, "close", reason, override=override)


@click.argument("reason")
def _reopen(app: App, *, case: str, reason: str) -> None:
    """It is open again, for a REASON."""
    done(app, case, "reopen", reason)


@click.argument("parent")
def _attach(app: App, *, case: str, parent: str) -> None:
    """Fold its pages and statuses into those of PARENT."""
    done(app, case, "attach", parent)


def _detach(app: App, *, case: str) -> None:
    """Let it stand for itself again."""
    done(app, case, "detach")


def _take_in(app: App, *, case: str) -> None:
    """Enforce the policy, from now on, on a case that was there before."""
    done(app, case, "take_in")


@click.argument("key")
@click.argument("reason")
def _annul(app: App, *, case: str, key: str, reason: str) -> None:
    """Annul the verdict KEY, for a REASON; both stay on record. `upheld explain` shows the keys."""
    done(app, case, "annul", key, reason)


def receivers(policies: Iterable[Policy]) -> tuple[str, ...]:
    """The queues and desks of policies: to these a case can be escalated as well as to people."""
    found = ((*policy.needs.queues, *policy.desks) for policy in policies)
    return tuple(name for names in found for name in names)


def known(site: Site, name: str, queues: tuple[str, ...] = ()) -> None:
    """``NotFound`` where nobody (and no queue) is called so."""
    from upheld.errors import NotFound
    from upheld.source import suggest

    names = {*site.directory.people, *site.directory.roles, *site.directory.rotations}
    names |= set(queues)
    if name not in names:
        what = "nobody, no queue and no desk is" if queues else "there is nobody"
        raise NotFound(f"{what} called {name!r}", do_next=suggest(name, names))


_BY_NAME: Final[Mapping[str, Callable[..., Any]]] = {
    "triage": _triage,
    "severity": _severity,
    "flag": _flag,
    "outcome": _outcome,
    "kind": _kind,
    "restate": _restate,
    "assign": _assign,
    "queue": _queue,
    "work": _work,
    "reply": _reply,
    "note": _note,
    "call": _call,
    "ack": _ack,
    "mobilise": _mobilise,
    "wait": _wait,
    "hold": _hold,
    "release": _release,
    "provide": _provide,
    "resolve": _resolve,
    "close": _close,
    "reopen": _reopen,
    "attach": _attach,
    "detach": _detach,
    "take-in": _take_in,
    "annul": _annul,
}
VERBS: Final[tuple[click.Command, ...]] = tuple(
    verb(name)(command) for name, command in _BY_NAME.items()
)
