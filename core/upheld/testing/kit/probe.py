"""The contract of a probe."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, Final
from unittest.mock import patch

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from upheld.plugin import Health, Probe, Reading
from upheld.testing.kit.contract import exempted
from upheld.testing.kit.grade import Kind, shown_by, shows
from upheld.testing.kit.notifier_end import ProbeFarEnd, Weather
from upheld.testing.kit.settings import IMPORTED

_DEADLINE: Final = timedelta(seconds=1)
#: Machine time, seconds: more than the deadline, less than anybody would wait.
_LATE: Final = 3.0


class ProbeContract:
    """All that a probe is held to. Inherit it, name the ``plugin``, give it a ``remote``."""

    kind = Kind.PROBE
    plugin: ClassVar[type[Probe[Any]]]
    exempt: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture
    def remote(self) -> Any:
        """The target; yours to give."""
        raise NotImplementedError("give the contract a fixture `remote`")

    @pytest.fixture(autouse=True)
    def _applies(self, request: pytest.FixtureRequest) -> None:
        for id_ in shown_by(request.function):
            if id_ in self.exempt:
                exempted(self.exempt[id_])

    @shows("A1-config")
    def test_settings_are_named(self, remote: ProbeFarEnd) -> None:
        with pytest.raises(ValidationError) as caught:
            self.configured({**remote.options, "no_such_setting": "canary-c0ffee"})
        assert "no_such_setting" in str(caught.value)
        assert "canary-c0ffee" not in str(caught.value)
        for name, field in self.plugin.Config.model_fields.items():
            assert field.description, name

    @shows("A1-config")
    def test_a_missing_setting_is_named(self, remote: ProbeFarEnd) -> None:
        fields = self.plugin.Config.model_fields
        for name in (each for each in remote.options if fields[each].is_required()):
            with pytest.raises(ValidationError) as caught:
                self.configured({k: v for k, v in remote.options.items() if k != name})
            assert name in str(caught.value)

    @shows("A2-secrets")
    @pytest.mark.parametrize("weather", [Weather.WELL, Weather.FAILS, Weather.REFUSES])
    def test_a_secret_is_never_shown(self, remote: ProbeFarEnd, weather: Weather) -> None:
        config = self.configured(remote.options)
        values = [getattr(config, name) for name in type(config).model_fields]
        secrets = [each.get_secret_value() for each in values if isinstance(each, SecretStr)]
        if not secrets:
            exempted("its settings hold no secret")
        remote.become(weather)
        shown = f"{config!r} {config} {self.read(remote)!r}"
        assert [each for each in secrets if each in shown] == []

    @shows("A3-no-io")
    def test_construction_and_import_reach_nothing(self, remote: ProbeFarEnd) -> None:
        with patch("socket.socket.connect", side_effect=AssertionError("it reaches out")):
            self.plugin()
        assert remote.calls() == ()
        command = [sys.executable, "-c", IMPORTED, self.plugin.__module__]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stderr

    @shows("P4-up")
    def test_a_target_that_is_well(self, remote: ProbeFarEnd) -> None:
        reading = self.read(remote)
        assert reading.state is Health.UP
        assert reading.at.utcoffset() == timedelta(0)
        assert reading.latency is not None
        assert timedelta(0) <= reading.latency <= _DEADLINE

    @shows("P5-down")
    @pytest.mark.parametrize("weather", [Weather.FAILS, Weather.REFUSES])
    def test_a_target_that_fails(self, remote: ProbeFarEnd, weather: Weather) -> None:
        self.meet(remote, weather)
        remote.become(weather)
        reading = self.read(remote)
        assert reading.state is Health.DOWN
        assert reading.detail

    @shows("P6-deadline")
    def test_a_target_that_hangs(self, remote: ProbeFarEnd) -> None:
        remote.become(Weather.HANGS)
        reading = self.read(remote)
        assert reading.state in {Health.DOWN, Health.DEGRADED}
        assert reading.detail

    @shows("P7-one-request")
    @pytest.mark.parametrize("weather", [Weather.WELL, Weather.FAILS, Weather.CUT])
    def test_one_request(self, remote: ProbeFarEnd, weather: Weather) -> None:
        self.meet(remote, weather)
        remote.become(weather)
        self.read(remote)
        assert len(remote.calls()) == 1

    @shows("P8-raises-nothing", "P9-hostile")
    @pytest.mark.parametrize("weather", Weather)
    def test_whatever_the_target_does(self, remote: ProbeFarEnd, weather: Weather) -> None:
        self.meet(remote, weather)
        remote.become(weather)
        reading = self.read(remote)
        assert isinstance(reading, Reading)
        assert len(reading.detail) <= 2000
        assert (reading.state is Health.UP) <= (weather in {Weather.WELL, Weather.RUBBISH})

    @shows("P10-ours")
    def test_a_fault_of_our_own(self, remote: ProbeFarEnd) -> None:
        self.meet(remote, "ours")
        reading = self.read(remote, **remote.ours())
        assert reading.state is Health.INCONCLUSIVE
        assert reading.detail

    @shows("P11-back")
    def test_a_target_that_is_back(self, remote: ProbeFarEnd) -> None:
        states = []
        for weather in (Weather.WELL, Weather.REFUSES, Weather.WELL):
            remote.become(weather)
            states.append(self.read(remote).state)
        assert states == [Health.UP, Health.DOWN, Health.UP]

    @shows("P12-called-off")
    def test_a_reading_that_is_called_off(self, remote: ProbeFarEnd) -> None:
        remote.become(Weather.HANGS)
        probe, config = self.plugin(), self.configured(remote.options)

        async def call_off() -> None:
            reading = asyncio.ensure_future(probe.read(config, timedelta(seconds=60)))
            await asyncio.sleep(0.1)
            reading.cancel()
            await asyncio.wait([reading], timeout=_LATE)
            assert reading.cancelled()

        asyncio.run(call_off())

    @shows("P13-many")
    def test_fifty_at_once(self, remote: ProbeFarEnd) -> None:
        probe, config = self.plugin(), self.configured(remote.options)

        async def read_all() -> list[Reading]:
            return await asyncio.gather(*(probe.read(config, _DEADLINE * 5) for _ in range(50)))

        assert {each.state for each in asyncio.run(read_all())} == {Health.UP}
        assert len(remote.calls()) == 50

    def configured(self, options: Mapping[str, object]) -> BaseModel:
        """The probe's settings, as from upheld.yaml."""
        return self.plugin.Config.model_validate(options)

    def read(self, remote: ProbeFarEnd, **changed: object) -> Reading:
        """One reading; late is a failure."""
        config = self.configured({**remote.options, **changed})

        async def read() -> Reading:
            return await asyncio.wait_for(self.plugin().read(config, _DEADLINE), _LATE)

        return asyncio.run(read())

    def meet(self, remote: ProbeFarEnd, needed: str) -> None:
        """Go on only where the target can be so; else its own reason is printed."""
        name = needed.name if isinstance(needed, Weather) else needed
        if name in remote.lacks:
            exempted(remote.lacks[name])
