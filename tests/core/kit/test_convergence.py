"""Edits on both sides at random, under faults, in any order: then all is well again, and both sides
agree. Nothing is doubled, no comment is lost, nothing internal is shown, and all comes to rest."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from upheld.plugin import Ref, Visibility
from upheld.testing import SteppedClock
from upheld.testing.faults import Crash, Faults, crash
from upheld.testing.kit import COLLEAGUE, SOMEBODY, Fault
from upheld.testing.kit.bench import ANN, DESK, Bench
from upheld.testing.kit.contract import NOON
from upheld_builtin.adapter import Builtin
from upheld_builtin.conformance import CaseFile, Disk

SEVERITIES = st.integers(1, 3)
FAULTS = st.sampled_from([Fault.LOST_REPLY, Fault.RESET, Fault.TIMEOUT])
MOMENTS = st.integers(1, 12)


class Convergence(RuleBasedStateMachine):
    """A case here, its item there, and everything between them."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        folder = Path(self.open.enter_context(tempfile.TemporaryDirectory()))
        disk, self.clock = Disk(), SteppedClock(NOON)
        self.open.enter_context(patch("upheld_builtin.store.sqlite3.connect", disk.connect))
        self.remote = CaseFile(self.clock, folder / "cases.sqlite", disk)
        bench = Bench(folder / "site", self.clock, Builtin, self.remote.options)
        self.bench = self.open.enter_context(bench)
        self.cases: list[str] = []
        self.theirs: list[Ref] = []
        self.written: dict[str, bool] = {}  # text: whether a customer may read it

    def teardown(self) -> None:
        try:
            self.check()
        finally:
            self.open.close()

    @initialize()
    def a_case_with_an_item(self) -> None:
        self.cases.append(self.bench.open("The first."))
        self.bench.cycle(2)

    # --- people ---

    @rule()
    @precondition(lambda self: len(self.cases) < 3)
    def somebody_calls(self) -> None:
        self.cases.append(self.bench.open(f"Case {len(self.cases)}."))

    @rule()
    @precondition(lambda self: len(self.theirs) < 2)
    def somebody_opens_an_item(self) -> None:
        self.theirs.append(self.remote.create("Opened there.", SOMEBODY, {}))

    @rule(data=st.data(), severity=SEVERITIES)
    def we_change_the_severity(self, data: st.DataObject, severity: int) -> None:
        self.bench.site.verbs.severity(data.draw(st.sampled_from(self.cases)), ANN, severity)

    @rule(data=st.data(), severity=SEVERITIES)
    def they_change_the_severity(self, data: st.DataObject, severity: int) -> None:
        ref = self.an_item(data)
        if ref is not None:
            self.remote.edit(ref, COLLEAGUE, {"severity": severity})

    @rule(data=st.data())
    def we_note(self, data: st.DataObject) -> None:
        text = self.words(public=False)
        self.bench.site.verbs.note(data.draw(st.sampled_from(self.cases)), ANN, text)

    @rule(data=st.data())
    def we_reply(self, data: st.DataObject) -> None:
        text = self.words(public=True)
        self.bench.site.verbs.reply(data.draw(st.sampled_from(self.cases)), ANN, text)

    @rule(data=st.data(), public=st.booleans())
    def they_comment(self, data: st.DataObject, public: bool) -> None:
        ref = self.an_item(data)
        if ref is not None:
            seen = Visibility.PUBLIC if public else Visibility.INTERNAL
            self.remote.comment(ref, COLLEAGUE, self.words(public=public), seen)

    # --- the world ---

    @rule()
    def time_passes(self) -> None:
        self.bench.cycle()

    @rule(fault=FAULTS, times=st.integers(1, 4))
    def the_far_end_fails(self, fault: Fault, times: int) -> None:
        for _ in range(times):
            self.remote.inject(fault)
        self.bench.cycle()

    @rule(moment=MOMENTS)
    def the_daemon_is_killed(self, moment: int) -> None:
        faults = Faults(crash)
        faults.watch_ledger(self.bench.site.ledger)
        (live,) = [each for each in self.bench.daemon.lives if each.name == DESK]
        faults.watch_plugin(DESK, live.plugin)
        faults.arm(moment)
        with suppress(Crash):
            self.bench.cycle()
        self.bench.restart()

    # --- in the end ---

    def check(self) -> None:
        """All is well again: everything has arrived, once, and nothing moves any more."""
        self.remote.heal()
        self.bench.recover()
        self.bench.cycle(2)
        before = sum(call.writes for call in self.remote.calls())
        self.bench.cycle(3)
        assert sum(call.writes for call in self.remote.calls()) == before, "it does not rest"
        assert len(self.remote.ids()) == len(self.bench.cases()) == self.expected()
        for listed in self.bench.cases():
            self.agrees(listed.id, listed.severity)

    def expected(self) -> int:
        return len(self.cases) + len(self.theirs)

    def agrees(self, case: str, severity: int | None) -> None:
        ref = self.bench.item(case)
        assert ref is not None, f"{case} has no item"
        stored, told = self.remote.stored(ref), self.bench.told(case)
        assert stored.fields["severity"] in {severity, None}
        held = [each.text for each in stored.comments]
        for text, public in self.written.items():
            here = sum(text in each for each in held)
            assert here <= 1, f"{text} is doubled"
            assert (here == 1) == (text in told), f"{text} is on one side alone"
            shown = [each for each in stored.comments if text in each.text and each.public]
            assert public or not shown, f"{text} is shown to the customer"

    def words(self, *, public: bool) -> str:
        text = f"<words {len(self.written)}>"
        self.written[text] = public
        return text

    def an_item(self, data: st.DataObject) -> Ref | None:
        ids = self.remote.ids()
        return Ref("", data.draw(st.sampled_from(ids)), "") if ids else None


TestConvergence = Convergence.TestCase
TestConvergence.settings = settings(
    max_examples=5,
    stateful_step_count=10,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # to shrink would take minutes
    suppress_health_check=list(HealthCheck),
)
