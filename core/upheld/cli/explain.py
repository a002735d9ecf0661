"""``upheld explain``: why a case stands as it does, segment by segment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import facts, length, line, local, print_json, say, table
from upheld.engine.terms import LATE

if TYPE_CHECKING:
    from upheld.report.explanation import ClockStory, Explanation, MessageStory
    from upheld.report.people import PersonStory, Told


@click.command()
@click.argument("case")
@click.option(
    "--people", is_flag=True, help="Who was told, by what and when; and why not the others."
)
@for_machines
@pass_app
def explain(app: App, *, case: str, people: bool) -> None:
    """Which promises hold for CASE, how its clocks ran, what was done, and what comes next."""
    from upheld.report.explain import explain as explained

    if people:
        _people(app, case)
        return
    with app.site() as site:
        found = explained(site.records, case)
        zone = site.config.zone
    if app.json:
        print_json(found.as_dict())
        return
    _head(found)
    _proposed(found)
    _turns(found, zone)
    _clocks(found, zone)
    _done(found, zone)
    _coming(found, zone)


def _people(app: App, case: str) -> None:
    from upheld.dispatch.recipients import Recipients
    from upheld.report.people import people

    with app.site() as site:
        recipients = Recipients(site.records, site.directory)
        stories = people(
            site.records, case, lambda subject: lambda whom: recipients.behind(whom, subject)
        )
        zone = site.config.zone
    if app.json:
        print_json([story.as_dict() for story in stories])
        return
    for story in stories:
        _person(story, zone)


def _person(story: PersonStory, zone: str) -> None:
    named = f" ({', '.join(story.named)})" if story.named else ""
    say(f"\n{story.name or story.person or 'Nobody'}{named}")
    rows = [
        (
            local(each.at, zone),
            ", ".join(each.clauses),
            each.purpose,
            _stands(each, zone),
        )
        for each in story.told
    ]
    rows += [("not told", each.clause, each.verb, each.why) for each in story.not_told]
    table(("when", "clause", "what", "how it stands, or why not"), rows)


def _stands(told: Told, zone: str) -> str:
    """How it stands over what, what came of it when and by whom, and why it followed another."""
    said = [
        f"{each.state} {local(each.at, zone, seconds=True)} by {each.by}"
        + (f" ({line(each.detail)})" if each.detail else "")
        for each in told.words
    ]
    after = [f"because {line(told.because)}"] if told.because else []
    return "; ".join((f"{told.state} over {told.connection}", *after, *said))


def _head(found: Explanation) -> None:
    facts(
        {
            "case": found.case,
            "number": found.number,
            "title": found.title,
            "customer": found.customer,
            "policy": f"{found.policy} ({found.policy_version})",
            "status": found.status.replace("_", " "),
            "severity": found.severity and f"{found.severity}, {found.severity_from}",
            "plan": found.plan and f"{found.plan}, {found.plan_from}",
            "outcome": found.outcome_from and f"{found.outcome or 'none'}, {found.outcome_from}",
            "kind": found.kind,
            "product": found.product,
            "system": found.system,
            "no clock": found.why_no_clock,
        }
    )


def _proposed(found: Explanation) -> None:
    if found.proposals:
        say("\nWhat was proposed")
    for each in found.proposals:
        say(f"  {line(each)}")


def _turns(found: Explanation, zone: str) -> None:
    """Who had it, and for how long: on the wall, and in their own hours."""
    if not found.turns:
        return
    say("\nWho had it")
    rows = (
        (
            local(each.begins, zone, seconds=True),
            local(each.ends, zone, seconds=True) or "now",
            f"{each.name} ({each.tier})",
            length(each.held),
            length(each.worked),
            f"{each.by}: {each.reason}" if each.by else each.reason or "it began there",
        )
        for each in found.turns
    )
    table(("from", "to", "desk", "for", "in its hours", "since"), rows)


def _clocks(found: Explanation, zone: str) -> None:
    for clock in found.clocks:
        say(f"\n{clock.clause} ({clock.where}): {clock.says}")
        due = f", due {local(clock.due, zone)}" if clock.due is not None else ""
        target, verdict = clock.target.replace("_", " "), clock.verdict or clock.state
        say(f"  {target}: {verdict}, {_spent(clock)}{due}{_aim(clock, zone)}")
        table(("from", "to", "it", "counted", "since"), _segments(clock, zone))


def _spent(clock: ClockStory) -> str:
    """What has run of what is promised."""
    if clock.by:
        return f"by {clock.by}"
    said = f"{length(clock.spent)} of {length(clock.within)}"
    if clock.outside is not None:
        said += f" inside hours, {length(clock.spent_outside)} of {length(clock.outside)} outside"
    return f"{said}, {length(clock.carried)} of it carried over" if clock.carried else said


def _aim(clock: ClockStory, zone: str) -> str:
    if clock.warned_at is not None:
        return f", warned {local(clock.warned_at, zone)}"
    return f", aim {local(clock.aimed_at, zone)}" if clock.aimed_at is not None else ""


def _segments(clock: ClockStory, zone: str) -> Iterator[tuple[str, ...]]:
    for each in clock.segments:
        begins, ends = local(each.begins, zone, seconds=True), local(each.ends, zone, seconds=True)
        counted = length(each.elapsed)
        if clock.outside is not None:
            counted = f"{counted} inside, {length(each.outside)} outside"
        state = f"{each.state}, with {each.desk}" if each.desk else each.state
        yield begins, ends or "now", state, counted, each.began_by
        for day in each.skipped:
            # Two clocks at once: what one skips counts for the other.
            how = "skipped" if clock.outside is None else "counted as outside hours"
            hours = f" {day.hours}" if day.hours else ""
            yield day.day, "", f"{day.name or 'a holiday'}{hours}, {how}", "", ""


def _done(found: Explanation, zone: str) -> None:
    say("\nWhat was done")
    rows = [
        (
            local(step.due, zone, seconds=True),
            step.clause,
            _result(step.result, step.late),
            _told(step.messages),
        )
        for step in found.steps
    ]
    rows += [
        (local(each.due, zone, seconds=True), "", each.purpose.replace("_", " "), _told((each,)))
        for each in found.others
    ]
    table(("when", "clause", "what", "who was told"), sorted(rows), empty="nothing yet")


def _result(result: str, late: int) -> str:
    return f"{result}, {length(late)} late" if late >= LATE else result


def _told(messages: tuple[MessageStory, ...]) -> str:
    return "; ".join(said for message in messages for said in _each(message))


def _each(message: MessageStory) -> Iterator[str]:
    purpose = message.purpose.replace("_", " ")
    for sent in message.deliveries:
        why = f" ({sent.detail})" if sent.state in {"dead", "failed", "dropped"} else ""
        yield f"{purpose}: {sent.name or sent.person} over {sent.connection}, {sent.state}{why}"
    if not message.deliveries:
        to, state = ", ".join(message.to), message.why or message.state
        yield f"{purpose}: {to}, {state}" if to else f"{purpose}, {state}"


def _coming(found: Explanation, zone: str) -> None:
    say("\nWhat comes next, if nothing happens before")
    rows = [(local(each.at, zone), each.clause, each.what, each.says) for each in found.coming]
    table(("when", "clause", "what", "sentence"), rows, empty="nothing")
