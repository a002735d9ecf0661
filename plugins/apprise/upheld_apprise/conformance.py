"""The notifier contract, over Apprise itself and a hook of this machine, behind a proxy that can fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

import pytest

from upheld.plugin import Address, Channel
from upheld.testing import SteppedClock
from upheld.testing.kit import Arrived, Call, Fault, FaultProxy, NotifierContract, NotifierFarEnd
from upheld_apprise.adapter import Apprise
from upheld_apprise.simulator import HookSimulator, Taken, address

_APART: Final = "each place has credentials of its own: one that is refused stops no other"


class Hooks(NotifierFarEnd):
    """A hook for each person."""

    budget: ClassVar[Mapping[str, int]] = {"create": 1, "change": 0, "idle": 0}
    lacks: ClassVar[Mapping[str, str]] = {
        Fault.REVOKED.name: _APART,
        Fault.GUEST.name: _APART,
        Fault.EXPIRED.name: _APART,
        Fault.HTML.name: "Apprise takes any 200 for a yes, and does not read what comes with it",
        Fault.LIMIT_LONG.name: "Apprise does not hand on how long to wait: it is a minute",
    }

    def __init__(self, clock: SteppedClock, far: HookSimulator, proxy: FaultProxy) -> None:
        super().__init__(clock)
        self.far, self.proxy = far, proxy

    @property
    def options(self) -> Mapping[str, object]:
        """Two people by name."""
        names = ("person-1", "person-2")
        return {"urls": {each: address(self.proxy.url, each) for each in names}, "timeout": 1}

    def broken(self) -> Mapping[str, Mapping[str, object]]:
        """A URL of nothing, and one that verifies nothing."""
        careless = address(self.proxy.url, "x", "?verify=no")
        return {
            "no service": {"urls": {"nowhere": "nonsense://somewhere"}},
            "no verification": {"urls": {"careless": careless}},
        }

    def calls(self) -> tuple[Call, ...]:
        """What the proxy saw."""
        return self.proxy.calls()

    def inject(self, fault: Fault) -> None:
        """At the proxy."""
        self.proxy.inject(fault)

    def heal(self) -> None:
        """At the proxy."""
        self.proxy.heal()

    def person(self, channel: Channel, number: int) -> Address:
        """Somebody with a hook."""
        return Address(channel, f"person-{number}")

    def unreachable(self) -> Address:
        """A name that stands nowhere."""
        return Address(Channel.CHAT, "nobody")

    def got(self) -> tuple[Arrived, ...]:
        """What came."""
        return tuple(map(_arrived, self.far.taken))


def _arrived(taken: Taken) -> Arrived:
    return Arrived(taken.to, f"{taken.title}\n{taken.text}", taken.kind == "failure")


class TestApprise(NotifierContract):
    """The Apprise notifier."""

    plugin = Apprise

    @pytest.fixture
    def remote(self, clock: SteppedClock) -> Iterator[Hooks]:
        """The hook, and a proxy before it."""
        with HookSimulator() as far, FaultProxy(far.url) as proxy:
            yield Hooks(clock, far, proxy)
