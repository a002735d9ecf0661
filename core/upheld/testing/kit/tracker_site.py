"""The parts of B, C, F, I and J that need the whole core: the real daemon around the tracker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, Final

import pytest

from upheld.plugin import Ability, RemoteCase, Retry, Tracker, Visibility
from upheld.testing.clock import SteppedClock
from upheld.testing.faults import Crash, Faults, crash
from upheld.testing.kit.bench import ANN, DESK, Bench
from upheld.testing.kit.contract import exempted
from upheld.testing.kit.far_end import COLLEAGUE, SOMEBODY, Fault, TrackerFarEnd
from upheld.testing.kit.grade import shows
from upheld.testing.kit.tracker_base import TrackerBase

#: Moments of a creation that are tried; more than any creation has.
_MOMENTS: Final = 200
#: More calls than a cycle makes.
_EVERY_CALL: Final = 20


class SiteBase(TrackerBase):
    """A site around the tracker, with cases and items on both sides."""

    @pytest.fixture
    def bench(
        self, tmp_path: Path, clock: SteppedClock, remote: TrackerFarEnd, options: Any
    ) -> Iterator[Bench]:
        """The site; at first there is nothing on either side."""
        with Bench(tmp_path / "site", clock, self.plugin, options, keys=remote.keys) as bench:
            bench.cycle()
            yield bench

    def plugin_of(self, bench: Bench) -> Tracker[Any]:
        """The tracker that the daemon uses."""
        (live,) = [each for each in bench.daemon.lives if each.name == DESK]
        assert isinstance(live.plugin, Tracker)
        return live.plugin

    def linked(self, bench: Bench) -> tuple[str, Any]:
        """A case that was opened here, with its item there."""
        case = bench.open()
        bench.cycle(2)
        ref = bench.item(case)
        assert ref is not None, f"the case has no item: {bench.failed()}"
        return case, ref

    def say(self, bench: Bench, case: str, text: str) -> None:
        """One of ours says something that is to stand on the item: hidden, where that is possible."""
        hides = Ability.INTERNAL_COMMENTS in self.plugin.abilities
        (bench.site.verbs.note if hides else bench.site.verbs.reply)(case, ANN, text)

    def heard(self, bench: Bench, calls: list[str]) -> None:
        """From here on note what the daemon asks of the tracker."""
        plugin = self.plugin_of(bench)
        for name in ("create", "find", "update", "comment", "attach"):
            setattr(plugin, name, partial(_noted, calls, name, getattr(plugin, name)))


class InTheSite(SiteBase):
    """Creation, echo of what has no meaning, and failure, as the core lives through them."""

    @shows("B8-crash")
    def test_killed_at_any_moment_of_a_creation(self, bench: Bench, remote: TrackerFarEnd) -> None:
        self.linked(bench)  # where nothing is ever created there is nothing to kill
        for number in range(1, _MOMENTS):
            if not self._killed_at(bench, remote, number):
                break
        else:
            raise AssertionError("a creation never comes to its end")
        assert number > 5
        assert len(remote.ids()) == len(bench.cases()) == number + 1
        assert {bench.item(each.id) is not None for each in bench.cases()} == {True}

    @shows("B9-two-at-once")
    def test_two_daemons_at_once(self, bench: Bench, remote: TrackerFarEnd) -> None:
        cases = [bench.open(f"Case {n}.") for n in range(3)]
        with bench.second_daemon() as other:
            threads = [Thread(target=each.settle) for each in (bench.daemon, other)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        bench.cycle(2)
        assert {bench.item(each) is not None for each in cases} == {True}, bench.failed()
        assert len(remote.ids()) == len(cases)
        assert len(bench.cases()) == len(cases)

    @shows("B10-adopted")
    def test_our_own_item_comes_in_before_the_reply(
        self, bench: Bench, remote: TrackerFarEnd
    ) -> None:
        self.meet(remote, Fault.LOST_REPLY)
        case = bench.open()
        plugin = self.plugin_of(bench)
        create = plugin.create

        def read_in_between(*arguments: Any) -> RemoteCase:
            create(*arguments)
            for puller in bench.daemon.pullers:
                puller.pull()
            raise Retry("the reply was lost", "nothing")

        vars(plugin)["create"] = read_in_between
        bench.cycle()
        vars(plugin)["create"] = create
        bench.recover()
        assert len(remote.ids()) == 1
        assert [each.id for each in bench.cases()] == [case]
        assert bench.item(case) is not None

    @shows("B11-lookup-first")
    def test_what_may_have_happened_is_looked_up(self, bench: Bench, remote: TrackerFarEnd) -> None:
        self.meet(remote, Fault.LOST_REPLY)
        calls: list[str] = []
        self.heard(bench, calls)
        bench.open()
        remote.inject(Fault.LOST_REPLY)
        bench.cycle()
        bench.recover()
        assert len(remote.ids()) == 1
        if Ability.REPEAT not in self.plugin.abilities:
            again = calls[calls.index("create") + 1 :]
            assert "create" not in again or again.index("find") < again.index("create")

    @shows("C15-unmapped")
    def test_a_value_without_a_meaning(self, bench: Bench, remote: TrackerFarEnd) -> None:
        field, value = remote.unmapped or exempted("every value has a meaning")
        case, ref = self.linked(bench)
        remote.edit(ref, COLLEAGUE, {field: value})
        bench.cycle(4)
        assert remote.stored(ref).fields[field] == value
        assert str(value) in bench.told(case)

    @shows("F32-commit-fails")
    def test_where_a_page_could_not_be_stored(
        self, bench: Bench, remote: TrackerFarEnd, clock: SteppedClock
    ) -> None:
        ref = remote.create("Mail is down.", SOMEBODY, {})
        faults = Faults(crash)
        faults.watch_ledger(bench.site.ledger)
        faults.arm(3)
        with suppress(Crash):
            clock.forward(seconds=10)
            bench.settle()
        bench.restart()
        bench.recover()
        assert bench.case_of(ref) is not None
        assert len(bench.cases()) == 1

    @shows("G37-internal")
    def test_a_note_of_ours_is_hidden(self, bench: Bench, remote: TrackerFarEnd) -> None:
        case, ref = self.linked(bench)
        bench.site.verbs.note(case, ANN, "for us alone")
        bench.cycle(2)
        public = {each.text: each.public for each in remote.stored(ref).comments}
        assert [shown for text, shown in public.items() if "for us alone" in text] == [False]

    @shows("I48-revoked")
    def test_refused_credentials_stop_the_connection(
        self, bench: Bench, remote: TrackerFarEnd
    ) -> None:
        self.meet(remote, Fault.REVOKED)
        remote.inject(Fault.REVOKED)
        bench.cycle()
        before = len(remote.calls())
        bench.cycle(5)
        assert len(remote.calls()) == before
        assert [live.name for live in bench.daemon.lives if live.stopped] == [DESK]

    @shows("I49-poison")
    def test_one_item_that_never_works_holds_up_no_other(
        self, bench: Bench, remote: TrackerFarEnd
    ) -> None:
        (bad, ref), (good, other) = self.linked(bench), self.linked(bench)
        remote.delete(ref)
        self.say(bench, bad, "for nobody")
        self.say(bench, good, "for the other")
        bench.cycle(2)
        bench.recover()
        texts = [each.text for each in remote.stored(other).comments]
        assert any("for the other" in text for text in texts)

    @shows("I50-log-once")
    def test_an_outage_is_told_once(self, bench: Bench, remote: TrackerFarEnd) -> None:
        self.meet(remote, Fault.RESET)
        (puller,) = [each for each in bench.daemon.pullers if each.source.name == DESK]
        told: list[str] = []
        puller.log = _Log(told)
        for _ in range(4):
            remote.inject(Fault.RESET)
            bench.cycle()
            remote.heal()
        bench.cycle(3)
        assert told == ["connection_broken", "connection_back"]

    @shows("I51-breaker")
    def test_what_was_to_be_written_in_an_outage_is_written_after_it(
        self, bench: Bench, remote: TrackerFarEnd
    ) -> None:
        self.meet(remote, Fault.RESET)
        case, ref = self.linked(bench)
        self.say(bench, case, "written in the dark")
        for _ in range(3):
            for _ in range(_EVERY_CALL):
                remote.inject(Fault.RESET)
            bench.cycle()
            remote.heal()
        bench.recover()
        bench.cycle()
        texts = [each.text for each in remote.stored(ref).comments]
        assert sum("written in the dark" in text for text in texts) == 1

    @shows("J55-lost")
    def test_with_every_webhook_lost(self, bench: Bench, remote: TrackerFarEnd) -> None:
        case, ref = self.linked(bench)
        remote.webhook(ref)
        remote.comment(ref, SOMEBODY, "Any news?", Visibility.PUBLIC)
        bench.cycle(2)
        assert "Any news?" in bench.told(case)

    def _killed_at(self, bench: Bench, remote: TrackerFarEnd, number: int) -> bool:
        """A case is opened and its creation killed at this moment; False where it was over before."""
        case = bench.open(f"Killed at {number}.")
        can_lose = Fault.LOST_REPLY.name not in remote.lacks
        faults = Faults(crash, partial(_lose, remote) if can_lose else None)
        faults.watch_ledger(bench.site.ledger)
        faults.watch_plugin(DESK, self.plugin_of(bench))
        faults.arm(number)
        with suppress(Crash):
            bench.settle()
        remote.heal()
        bench.restart()
        over = bench.item(case) is not None
        bench.recover()
        return not over


class _Log:
    """Keeps the names of what is told of a connection."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def debug(self, event: str, **values: object) -> None: ...

    def info(self, event: str, **values: object) -> None:
        self._told.append(event)

    warning = error = info


def _lose(remote: TrackerFarEnd, _connection: str) -> bool:
    remote.inject(Fault.LOST_REPLY)
    return True


def _noted(calls: list[str], name: str, call: Callable[..., Any], *arguments: Any) -> Any:
    calls.append(name)
    return call(*arguments)
