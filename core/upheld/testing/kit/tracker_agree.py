"""D, E, K and L: both sides come to agree, and to rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from upheld.plugin import Page, Tracker, Visibility
from upheld.testing.clock import SteppedClock
from upheld.testing.kit.bench import ANN, DESK, Bench
from upheld.testing.kit.far_end import COLLEAGUE, MACHINE, SOMEBODY, Fault, TrackerFarEnd
from upheld.testing.kit.grade import shows
from upheld.testing.kit.tracker_site import SiteBase

_QUIET: Final = 5


class Agreement(SiteBase):
    """Echo, conflicts, lifecycle and budget."""

    # --- echo and quiescence ---

    @shows("D19-quiet")
    def test_after_a_change_of_theirs(self, bench: Bench, remote: TrackerFarEnd) -> None:
        case, ref = self.linked(bench)
        first, second = remote.severities
        remote.edit(ref, COLLEAGUE, {remote.severity_field: first})
        bench.cycle(2)
        remote.edit(ref, COLLEAGUE, {remote.severity_field: second})
        self.comes_to_rest(bench, remote)
        assert remote.stored(ref).fields[remote.severity_field] == second
        assert self.severity(bench, case) == 2

    @shows("D19-quiet")
    def test_after_a_change_of_ours(self, bench: Bench, remote: TrackerFarEnd) -> None:
        case, ref = self.linked(bench)
        bench.site.verbs.severity(case, ANN, 1)
        bench.cycle(2)
        bench.site.verbs.severity(case, ANN, 2)
        self.comes_to_rest(bench, remote)
        assert remote.stored(ref).fields[remote.severity_field] == remote.severities[1]
        assert self.severity(bench, case) == 2

    @shows("D20-quiet-all")
    def test_after_a_create_a_comment_a_file_and_a_status(
        self, bench: Bench, remote: TrackerFarEnd
    ) -> None:
        case, ref = self.linked(bench)
        self.comes_to_rest(bench, remote)
        remote.comment(ref, SOMEBODY, "Any news?", Visibility.PUBLIC)
        self.say(bench, case, "It is the disk.")
        self.comes_to_rest(bench, remote)
        bench.site.verbs.work(case, ANN, override="so that it is being worked on")
        self.comes_to_rest(bench, remote)
        texts = [each.text for each in remote.stored(ref).comments]
        assert sum("Any news?" in text for text in texts) == 1
        assert sum("It is the disk." in text for text in texts) == 1
        assert bench.told(case).count("Any news?") == 1
        assert len(remote.ids()) == len(bench.cases()) == 1

    @shows("D21-normalised")
    def test_text_that_is_rewritten(self, bench: Bench, remote: TrackerFarEnd) -> None:
        case, ref = self.linked(bench)
        self.say(bench, case, "One line.\r\n\r\nAnother, with blanks.   \r\n")
        remote.comment(ref, SOMEBODY, "Mine.\r\n\r\nAnd  more.\n\n", Visibility.PUBLIC)
        self.comes_to_rest(bench, remote)
        assert sum("One line." in each.text for each in remote.stored(ref).comments) == 1
        assert bench.told(case).count("Mine.") == 1

    @shows("D22-notes")
    def test_what_the_far_end_notes_by_itself(self, bench: Bench, remote: TrackerFarEnd) -> None:
        case, ref = self.linked(bench)
        before = len(remote.stored(ref).comments)
        remote.comment(ref, MACHINE, "Field X was set by a workflow.", Visibility.INTERNAL)
        self.comes_to_rest(bench, remote)
        assert len(remote.stored(ref).comments) == before + 1
        assert bench.told(case).count("Field X was set") <= 1

    @shows("D23-bots")
    def test_an_edit_by_another_machine(self, bench: Bench, remote: TrackerFarEnd) -> None:
        case, ref = self.linked(bench)
        remote.edit(ref, MACHINE, {remote.severity_field: remote.severities[0]})
        self.comes_to_rest(bench, remote)
        assert self.severity(bench, case) == 1
        assert remote.stored(ref).fields[remote.severity_field] == remote.severities[0]

    # --- conflicts ---

    @shows("E24-disjoint")
    def test_edits_of_different_fields(self, bench: Bench, remote: TrackerFarEnd) -> None:
        case, ref = self.linked(bench)
        bench.site.verbs.severity(case, ANN, 1)
        remote.edit(ref, COLLEAGUE, {remote.text_field: "Mail is down in Rome"})
        self.comes_to_rest(bench, remote)
        fields = remote.stored(ref).fields
        assert fields[remote.text_field] == "Mail is down in Rome"
        assert fields[remote.severity_field] == remote.severities[0]
        assert self.severity(bench, case) == 1

    @shows("E25-same-field")
    @pytest.mark.parametrize("rule", ["remote", "local", "newest", "hold"])
    def test_edits_of_one_field(
        self,
        tmp_path: Path,
        clock: SteppedClock,
        remote: TrackerFarEnd,
        options: Any,
        rule: str,
    ) -> None:
        keys = {**remote.keys, "conflicts": {"default": rule}}
        with Bench(tmp_path / "site", clock, self.plugin, options, keys=keys) as bench:
            bench.cycle()
            case, ref = self._in_conflict(bench, remote, clock)
            severity, there = self.severity(bench, case), remote.stored(ref).fields
            kept = self._conflicts(bench)
            assert [(each.field, each.rule) for each in kept] == [("severity", rule)]
            assert {str(kept[0].ours), str(kept[0].theirs)} != {str(kept[0].ours)}
            ours, theirs = (1, remote.severities[0]), (2, remote.severities[1])
            wanted = {"remote": theirs, "newest": theirs, "local": ours}.get(rule)
            held = (1, remote.severities[1])  # each keeps its own until a person has said
            assert (severity, there[remote.severity_field]) == (wanted or held)

    @shows("E26-edit-end")
    def test_an_edit_against_a_close(self, bench: Bench, remote: TrackerFarEnd) -> None:
        case, ref = self.linked(bench)
        self.say(bench, case, "a last word")
        remote.edit(ref, COLLEAGUE, self.closing)
        self.comes_to_rest(bench, remote)
        assert sum("a last word" in each.text for each in remote.stored(ref).comments) == 1

    @shows("E26-edit-end")
    def test_an_edit_against_a_removal(self, bench: Bench, remote: TrackerFarEnd) -> None:
        case, ref = self.linked(bench)
        bench.site.verbs.severity(case, ANN, 1)
        remote.delete(ref)
        bench.cycle(3)
        assert self.severity(bench, case) == 1
        assert bench.cases()[0].status != "closed"

    @shows("E27-skew")
    def test_a_clock_that_is_off(self, bench: Bench, remote: TrackerFarEnd) -> None:
        self.meet(remote, Fault.WRONG_CLOCK)
        case, ref = self.linked(bench)
        remote.inject(Fault.WRONG_CLOCK)
        remote.comment(ref, SOMEBODY, "from the future", Visibility.PUBLIC)
        bench.cycle(2)
        remote.heal()
        remote.comment(ref, SOMEBODY, "from now", Visibility.PUBLIC)
        self.comes_to_rest(bench, remote)
        assert [bench.told(case).count(each) for each in ("from the future", "from now")] == [1, 1]

    # --- lifecycle ---

    @shows("K56-shadow")
    def test_in_shadow_nothing_is_written(
        self, tmp_path: Path, clock: SteppedClock, remote: TrackerFarEnd, options: Any
    ) -> None:
        shadow = {"go_live": {"mode": "shadow"}}
        folder = tmp_path / "site"
        keys = remote.keys
        with Bench(folder, clock, self.plugin, options, keys=keys, site=shadow) as bench:
            bench.cycle()
            ref = remote.create("Mail is down.", SOMEBODY, {})
            bench.cycle(2)
            case = bench.case_of(ref)
            assert case is not None, "an item is read in shadow, too"
            before = [call for call in remote.calls() if call.writes]
            bench.site.verbs.severity(case, ANN, 1)
            self.say(bench, case, "kept in")
            bench.cycle(3)
            wrote = [call for call in remote.calls() if call.writes][len(before) :]
            planned = bench.planned(case)
        if self.local:  # what stays on this machine is written in shadow, too
            assert planned == []
        else:
            assert wrote == []
            assert {"field", "comment"} <= set(planned), planned
        assert remote.ids() == (ref.id,)

    @shows("K57-unlink")
    def test_unlinking_keeps_both(self, bench: Bench, remote: TrackerFarEnd) -> None:
        case, ref = self.linked(bench)
        now = bench.clock.now()
        bench.site.ledger.retrying(lambda tx: tx.unlink(case, DESK, reason="a test", now=now))
        remote.comment(ref, SOMEBODY, "Nobody listens.", Visibility.PUBLIC)
        bench.cycle(3)
        assert (len(bench.cases()), remote.ids()) == (1, (ref.id,))
        assert bench.item(case) is None
        said = len(remote.stored(ref).comments)
        bench.connect(case, ref)
        bench.cycle(3)
        assert (len(bench.cases()), remote.ids()) == (1, (ref.id,))
        assert bench.case_of(ref) == case
        assert bench.told(case).count("Nobody listens.") == 1
        assert len(remote.stored(ref).comments) == said, "what was said before is not said again"

    @shows("K58-gone")
    def test_an_item_that_is_gone(self, bench: Bench, remote: TrackerFarEnd) -> None:
        case, ref = self.linked(bench)
        remote.delete(ref)
        self.say(bench, case, "is anybody there?")
        bench.cycle(20)
        bench.recover()
        (listed,) = bench.cases()
        assert listed.status != "closed"
        assert "Closed" not in bench.told(case)

    @shows("K59-empty")
    @pytest.mark.parametrize("fault", [Fault.RESET, Fault.GUEST, Fault.HTML, Fault.TRUNCATED])
    def test_an_empty_or_failed_listing(
        self, bench: Bench, remote: TrackerFarEnd, fault: Fault
    ) -> None:
        self.meet(remote, fault)
        case, ref = self.linked(bench)
        before = len(bench.events(case))
        for _ in range(3):
            remote.inject(fault)
            bench.cycle()
        remote.heal()
        bench.recover()
        assert len(bench.events(case)) == before
        assert bench.item(case) is not None
        assert ref.id in remote.ids()

    @shows("K59-empty")
    def test_an_item_that_is_not_listed(self, bench: Bench, remote: TrackerFarEnd) -> None:
        """Absence says nothing: only the item itself can say that it is gone."""
        case, _ = self.linked(bench)
        before = len(bench.events(case))
        remote.create("Another.", SOMEBODY, {})
        bench.cycle(3)
        assert len(bench.events(case)) == before
        assert bench.item(case) is not None

    # --- budget ---

    @shows("L61-calls")
    def test_the_budget(
        self,
        bench: Bench,
        remote: TrackerFarEnd,
        record_property: Callable[[str, object], None],
    ) -> None:
        """What is read is told apart: a bench reads more often than a daemon does."""
        self.linked(bench)
        reading = _Reading(self.plugin_of(bench), remote)
        before = len(remote.calls())
        bench.cycle()
        idle = len(remote.calls()) - before
        bench.open("Another.")
        created = reading.beside(bench.cycle)
        case = bench.cases()[-1].id
        self.comes_to_rest(bench, remote)
        bench.site.verbs.severity(case, ANN, 1)
        changed = reading.beside(bench.cycle)
        costs = {"create": created, "change": changed, "idle": idle}
        record_property("calls", costs)
        assert {name: n for name, n in costs.items() if n > remote.budget[name]} == {}, costs

    # --- words ---

    @property
    def local(self) -> bool:
        """Whether it speaks in shadow mode, too: it writes on this machine alone."""
        from upheld.plugin import Ability

        return Ability.LOCAL in self.plugin.abilities

    closing: dict[str, Any] = {"status": "closed"}  # noqa: RUF012  fields that close an item

    def comes_to_rest(self, bench: Bench, remote: TrackerFarEnd) -> None:
        """Two cycles, and from then on nothing is written."""
        bench.cycle(2)
        before = [call for call in remote.calls() if call.writes]
        bench.cycle(_QUIET)
        assert [call for call in remote.calls() if call.writes][len(before) :] == []

    def severity(self, bench: Bench, case: str) -> int | None:
        """The case's severity now."""
        (listed,) = [each for each in bench.cases() if each.id == case]
        found: int | None = listed.severity
        return found

    def _in_conflict(
        self, bench: Bench, remote: TrackerFarEnd, clock: SteppedClock
    ) -> tuple[str, Any]:
        case, ref = self.linked(bench)
        bench.site.verbs.severity(case, ANN, 3)
        bench.cycle(2)
        bench.site.verbs.severity(case, ANN, 1)
        clock.forward(seconds=5)
        remote.edit(ref, COLLEAGUE, {remote.severity_field: remote.severities[1]})
        bench.cycle(3)
        return case, ref

    def _conflicts(self, bench: Bench) -> list[Any]:
        with bench.site.ledger.reading() as tx:
            return list(tx.conflicts())


class _Reading:
    """What the far end is asked by `pull`, told from what it is asked beside it."""

    def __init__(self, plugin: Tracker[Any], remote: TrackerFarEnd) -> None:
        self._pull, self._remote, self._asked = plugin.pull, remote, 0
        vars(plugin)["pull"] = self._counted

    def beside(self, work: Callable[[], object]) -> int:
        """How often it is asked during this work, but for reading."""
        before, self._asked = len(self._remote.calls()), 0
        work()
        return len(self._remote.calls()) - before - self._asked

    def _counted(self, cursor: str | None) -> Page:
        before = len(self._remote.calls())
        page = self._pull(cursor)
        self._asked += len(self._remote.calls()) - before
        return page
