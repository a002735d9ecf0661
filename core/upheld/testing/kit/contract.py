"""What the contracts of all kinds have in common: fixtures, exemptions, a plugin that can be made."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn

import pytest
from pydantic import BaseModel, SecretStr

from upheld.plugin import Connection, PluginError
from upheld.testing.clock import SteppedClock
from upheld.testing.context import ScratchContext, make_context
from upheld.testing.kit.far_end import FarEnd, Fault
from upheld.testing.kit.grade import Kind, shown_by
from upheld.testing.kit.listed import assertions

NOON: Final = datetime(2026, 12, 1, 12, tzinfo=UTC)
#: Machine time, seconds.
_ENDED_WITHIN: Final = 3.0
_TIMEOUT: Final = 1.0
#: Makes a connection to the far end with some options changed; closed when the test ends.
Connect = Callable[..., Any]


class Contract:
    """Inherit one of its kinds, name the ``plugin``, give it a ``remote``::

        class TestAcme(TrackerContract):
            plugin = Acme

            @pytest.fixture
            def remote(self, clock): ...

    ``exempt`` lists assertions that can't hold for this plugin, each with the reason; it is printed.
    """

    kind: ClassVar[Kind]
    plugin: ClassVar[type[Connection[Any]]]
    exempt: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture
    def clock(self) -> SteppedClock:
        """Policy time; for a real server start it at the real time."""
        return SteppedClock(NOON)

    @pytest.fixture
    def remote(self, clock: SteppedClock) -> Any:
        """The driver of the far end; yours to give."""
        raise NotImplementedError("give the contract a fixture `remote`")

    @pytest.fixture
    def options(self, remote: FarEnd) -> Mapping[str, object]:
        """The connection's settings."""
        return remote.options

    @pytest.fixture
    def context(self, tmp_path: Path, clock: SteppedClock) -> Iterator[ScratchContext]:
        """What the core lends to the connection."""
        with make_context(tmp_path / "connection", clock.as_datetime, "under-test") as context:
            Path(context.folder).mkdir()
            context.timeout = _TIMEOUT
            yield context

    @pytest.fixture
    def connect(self, options: Mapping[str, object], context: ScratchContext) -> Iterator[Connect]:
        """Makes connections; all are closed when the test ends."""
        with ExitStack() as stack:

            def made(**changed: object) -> Connection[Any]:
                connection = self.plugin(self.configured({**options, **changed}), context)
                stack.callback(connection.close)
                return connection

            yield made

    @pytest.fixture(autouse=True)
    def _applies(self, request: pytest.FixtureRequest) -> None:
        for id_ in shown_by(request.function):
            if id_ in self.exempt:
                exempted(self.exempt[id_])
            needs = next(each.needs for each in assertions(self.kind) if each.id == id_)
            if needs is not None and needs not in self.plugin.abilities:
                exempted(f"it does not declare `{needs}`")

    def configured(self, options: Mapping[str, object]) -> BaseModel:
        """The plugin's settings, as from upheld.yaml."""
        return self.plugin.Config.model_validate(options)

    def meet(self, remote: FarEnd, *needed: Fault | str) -> None:
        """Go on only where the far end can do all of this; else its own reason is printed."""
        for each in needed:
            name = each.name if isinstance(each, Fault) else each
            if name in remote.lacks:
                exempted(remote.lacks[name])

    def secrets(self, options: Mapping[str, object]) -> list[str]:
        """Every secret of the settings."""
        return list(_secrets(self.configured(options)))


def exempted(reason: str) -> NoReturn:
    """The assertion does not apply, for this reason."""
    pytest.skip(reason)


def raised(call: Callable[[], object]) -> PluginError | None:
    """The plugin error that a call ends with; any other is the plugin's fault and fails the test."""
    try:
        call()
    except PluginError as error:
        return error
    return None


def ended(before: Collection[threading.Thread]) -> None:
    """Every thread that was not there before comes to its end, once its connection is closed."""
    for thread in threading.enumerate():
        if thread not in before:
            thread.join(_ENDED_WITHIN)
            assert not thread.is_alive(), f"{thread.name} goes on"


def _secrets(model: BaseModel) -> Iterator[str]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, BaseModel):
            yield from _secrets(value)
        elif isinstance(value, Mapping):
            kept = (each for each in value.values() if isinstance(each, SecretStr))
            yield from (each.get_secret_value() for each in kept)
        elif isinstance(value, tuple):
            yield from (e.get_secret_value() for e in value if isinstance(e, SecretStr))
