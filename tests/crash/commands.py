"""A person's command that dies half way: before its commit it has done nothing, after it all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.crash.matrix import Verdict, Window, ended, judged
from tests.crash.standing import Standing, differences, standing
from tests.crash.world import Snapshot, World
from tests.night import BEATS
from upheld.desk.intake import Source
from upheld.monitor.feeds import Feeds
from upheld.monitor.landing import Landing
from upheld.plugin import Health, Reading
from upheld.testing.faults import Passed

#: What the people of the story would type, by the minute of the deed that they replace, and one more.
WORDS: Final[Mapping[int, Sequence[str]]] = {
    4: ("triage", "C1", "1", "--number", "1042", "--as", "bo"),
    6: ("ack", "C1", "--as", "ann"),
    140: ("work", "C1", "--as", "bo"),
    200: ("resolve", "C1", "A core router was replaced.", "--as", "bo"),
    250: ("close", "C1", "agreed", "--as", "bo"),
}
REPLY: Final = ("reply", "C1", "It holds since noon.", "--as", "bo")


#: What is heard of and asked by nobody: it is due at no time, so that the story is the same beside it.
WATCHED: Final[Mapping[str, Any]] = {"www": {"customer": "acme", "fed_by": "phone"}}
_WINDOW: Final = ("monitors", "window")
#: What people say of it, one after the other; the window is announced late, so at once.
AWAY: Final[Sequence[Sequence[str]]] = (
    ("monitors", "pause", "www", "--why", "it moves", "--as", "bo"),
    ("monitors", "resume", "www", "--as", "bo"),
    (
        *_WINDOW,
        "add",
        "www",
        "--from",
        "2 days",
        "--for",
        "2 hours",
        "--again",
        "weekly",
        "--as",
        "bo",
    ),
    (*_WINDOW, "cancel", "W1", "--on", "2026-03-30", "--why", "a holiday", "--as", "bo"),
    (*_WINDOW, "cancel", "W1", "--as", "bo"),
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command: from where, how it leaves the ledger, and how all stands when that was settled."""

    words: Sequence[str]
    before: Snapshot
    done: Standing
    settled: Window

    @property
    def passed(self) -> Sequence[Passed]:
        """The moments at which it can die."""
        return self.settled.passed


def commands(world: World, windows: Sequence[Window]) -> Iterator[Command]:
    """Those of the story, and in place of the last an answer to the customer."""
    typed: dict[object, Sequence[str]] = {
        beat.act: WORDS[beat.minute] for beat in BEATS if beat.minute in WORDS
    }
    for window in windows:
        words = typed.get(window.deed)
        if words is not None and window.eve is not None:
            yield as_it_should(world, window.eve, words)
            if words[0] == "close":
                yield as_it_should(world, window.eve, REPLY)


def away(world: World, before: Snapshot) -> list[Command]:
    """Those that concern what is watched; before it is resumed it is told of as down."""
    found: list[Command] = []
    world.restore(before)
    for words in AWAY:
        if "resume" in words:
            tells(world, Health.DOWN)
        world.end()
        found.append(as_it_should(world, world.snapshot(), words))
    return found


def tells(world: World, health: Health) -> None:
    """Its connection tells how it is."""
    site = world.site
    reading = Reading("www", health, world.clock.as_datetime())
    feeds = Feeds(Landing(site.records, site.watched))
    assert site.ledger.retrying(lambda tx: feeds.take(tx, Source("phone", "terminal"), reading))


def as_it_should(world: World, before: Snapshot, words: Sequence[str]) -> Command:
    """The command as it should go."""
    world.restore(before)
    passed = world.commanded(words)
    assert passed is not None, "the undisturbed command died"
    done = standing(world.snapshot().rows)
    world.settle()
    return Command(words, before, done, ended(world, None, None, before, passed))


def killed_commanding(world: World, command: Command, number: int) -> Verdict:
    """Kill it at this moment, counted from 1; it is repeated where it has done nothing."""
    passed, words = command.passed, command.words
    world.restore(command.before)
    if world.commanded(words, number) is not None:
        return Verdict(passed[number - 1], other=[f"it went by without a crash: {words}"])
    over = number == len(passed)
    wanted = command.done if over else standing(command.before.rows)
    half = differences(wanted, standing(world.snapshot().rows))
    if not over:
        world.commanded(words)
    world.settle()
    verdict = judged(world, command.settled, passed[number - 1])
    return Verdict(verdict.passed, verdict.missing, verdict.again, [*half, *verdict.other])
