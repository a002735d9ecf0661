"""The contract of probes, on one as an integrator writes it, and on one that is wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.core.kit import probe_contract
from tests.core.kit.probe_contract import LineConfig, LineProbe
from upheld.plugin import Health, Reading
from upheld.testing.kit import Grade, Kind, Outcome
from upheld.testing.kit.verify import NotVerified, Verdict, verify


def run(*only: str) -> Verdict:
    return verify("line", probe_contract.__name__, only=only)


def test_a_probe_that_is_well_made_is_gold() -> None:
    verdict = run()
    assert [each for each in verdict.shown if not each.holds] == []
    assert (verdict.grade, verdict.kind) == (Grade.GOLD, Kind.PROBE)


def test_of_a_module_with_several_contracts_that_of_the_plugin_runs() -> None:
    verdict = verify("tcp", "upheld_probes.conformance", only=["P4-up"])
    (shown,) = [each for each in verdict.shown if each.assertion.id == "P4-up"]
    assert shown.outcome is Outcome.PASSED
    assert "1 passed" in verdict.log
    with pytest.raises(NotVerified, match="no contract of 'gopher' ran from"):
        verify("gopher", "upheld_probes.conformance", only=["P4-up"])


async def _optimistic(self: LineProbe, target: LineConfig, deadline: timedelta) -> Reading:
    reading = await probe_contract.ask(target, deadline)
    return Reading("line", Health.UP, reading.at, reading.latency, reading.detail)


async def _twice(self: LineProbe, target: LineConfig, deadline: timedelta) -> Reading:
    await probe_contract.ask(target, deadline)
    return await probe_contract.ask(target, deadline)


async def _patient(self: LineProbe, target: LineConfig, deadline: timedelta) -> Reading:
    return await probe_contract.ask(target, deadline * 60)


@pytest.mark.parametrize(
    ("wrong", "assertion"),
    [
        (_optimistic, "P5-down"),
        (_optimistic, "P10-ours"),
        (_twice, "P7-one-request"),
        (_patient, "P6-deadline"),
    ],
)
def test_a_probe_that_is_wrong_is_caught(
    monkeypatch: pytest.MonkeyPatch, wrong: object, assertion: str
) -> None:
    monkeypatch.setattr(LineProbe, "read", wrong)
    shown = {each.assertion.id: each.outcome for each in run(assertion).shown}
    assert shown[assertion] is Outcome.FAILED
