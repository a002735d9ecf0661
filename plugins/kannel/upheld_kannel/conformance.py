"""The notifier contract: over a real Kannel and a message centre where it is installed, else over the
simulator; before either, a proxy that can fail in every way."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import ClassVar, Final, Self
from urllib.parse import parse_qsl, urlsplit

import pytest

from upheld.plugin import Address, Channel, Request
from upheld.testing import SteppedClock
from upheld.testing.kit import Arrived, Call, Fault, FaultProxy, NotifierContract, NotifierFarEnd
from upheld_kannel.adapter import Kannel
from upheld_kannel.gateway import ESCAPES, PASSWORD, USER, Gateway, installed
from upheld_kannel.pdu import Submitted
from upheld_kannel.simulator import KannelSimulator
from upheld_kannel.smsc import DELIVERED, Smsc

SECRET: Final = "conformance-secret"  # noqa: S105  of nobody
_WAIT: Final = 10.0


class Phones(NotifierFarEnd):
    """A gateway, and phones behind it."""

    budget: ClassVar[Mapping[str, int]] = {"create": 1, "change": 0, "idle": 0}
    lacks: ClassVar[Mapping[str, str]] = {
        Fault.EXPIRED.name: "every message carries the password: there is no session",
        Fault.GUEST.name: "the password goes in headers of Kannel's own; without, it is refused",
    }

    def __init__(self, clock: SteppedClock, proxy: FaultProxy, door: str) -> None:
        super().__init__(clock)
        self.proxy, self.door = proxy, door

    @property
    def options(self) -> Mapping[str, object]:
        """The gateway's user, and the proxy in place of the gateway."""
        return {
            "url": self.proxy.url,
            "user": USER,
            "password": PASSWORD,
            "sender": "4242",
            "secret": SECRET,
            "door": self.door,
            "segments": 10,
            "timeout": 1,
        }

    def broken(self) -> Mapping[str, Mapping[str, object]]:
        """A wrong password, and a gateway that is not there."""
        return {"password": {"password": "wrong"}, "no host": {"url": "http://127.0.0.1:1"}}

    def calls(self) -> tuple[Call, ...]:
        """What the proxy saw; what a message came of wrote."""
        wrote = len(self.got())
        seen = self.proxy.calls()
        return tuple(Call(each.what, number < wrote) for number, each in enumerate(seen))

    def inject(self, fault: Fault) -> None:
        """At the proxy."""
        self.proxy.inject(fault)

    def heal(self) -> None:
        """At the proxy."""
        self.proxy.heal()

    def person(self, channel: Channel, number: int) -> Address:
        """Somebody with a phone."""
        return Address(channel, f"+1202555010{number}", f"Person {number}")

    def unreachable(self) -> Address:
        """No number at all: any other is taken, and fails later."""
        return Address(Channel.SMS, "nobody")

    def accepted(self) -> int:
        """How many messages the gateway took."""
        return self.proxy.answered.count(202)


class Simulated(Phones):
    """The simulator."""

    def __init__(self, clock: SteppedClock, proxy: FaultProxy, far: KannelSimulator) -> None:
        super().__init__(clock, proxy, "http://127.0.0.1:9")
        self.far = far
        self._told: list[Request] = []

    def got(self) -> tuple[Arrived, ...]:
        """What the phones have."""
        return tuple(Arrived(each.to, each.text, each.urgent) for each in self.far.sent)

    def acknowledge(self, key: str) -> None:
        """The phone has it."""
        self._told.append(self.far.tell(self.far.sent[-1], 1))

    def hooks(self) -> tuple[Request, ...]:
        """The receipts."""
        told, self._told = tuple(self._told), []
        return told


class Real(Phones):
    """Kannel, over SMPP."""

    live = True

    def __init__(self, clock: SteppedClock, proxy: FaultProxy, smsc: Smsc, sink: Sink) -> None:
        super().__init__(clock, proxy, sink.apart())
        self.smsc, self.sink = smsc, sink
        self._told = 0

    def got(self) -> tuple[Arrived, ...]:
        """What came to the message centre of what the gateway took."""
        self.smsc.wait_for_whole(self.accepted())
        return tuple(map(_arrived, self.smsc.whole))

    def acknowledge(self, key: str) -> None:
        """The phone has it."""
        id_, message = self.smsc.sent[-1]
        self.smsc.tell(id_, message, DELIVERED)

    def hooks(self) -> tuple[Request, ...]:
        """What the gateway told: that the centre has it, then what the centre says."""
        self._told += 1
        return (self.sink.taken(self.door, self._told, self.clock),)


class Sink:
    """A door that keeps what comes, late as it may be. Use it in a ``with``."""

    def __init__(self) -> None:
        self._doors = count(1)
        self._came: list[str] = []
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """Where it stands."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def apart(self) -> str:
        """A door of one's own: what is still on its way for another test does not come there."""
        return f"{self.url}/{next(self._doors)}"

    def taken(self, door: str, number: int, clock: SteppedClock) -> Request:
        """The ``number``-th request to a door, once it is there; ``TimeoutError`` after a while."""

        def came() -> list[str]:
            return [each for each in self._came if f"{self.url}{each}".startswith(f"{door}/")]

        with self._changed:
            if not self._changed.wait_for(lambda: len(came()) >= number, _WAIT):
                raise TimeoutError(f"the gateway called back {len(came())} times, not {number}")
            url = f"{self.url}{came()[number - 1]}"
        query = tuple(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        return Request("GET", url, query, (), b"", clock.as_datetime())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _took(self, path: str) -> None:
        with self._changed:
            self._came.append(path)
            self._changed.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        took = self._took

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                """Keep it."""
                took(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        return Handler


def _arrived(message: Submitted) -> Arrived:
    return Arrived(f"+{message.to}", message.words, message.priority == 3)


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Gateway, Smsc, Sink] | None]:
    """A Kannel for all tests, where it is installed."""
    if installed() is not None:
        yield None
        return
    folder = tmp_path_factory.mktemp("kannel")
    with ExitStack() as opened:
        smsc, sink = opened.enter_context(Smsc()), opened.enter_context(Sink())
        hook = f"{sink.url}/hooks/under-test?token={SECRET}&{ESCAPES}"
        kannel = opened.enter_context(Gateway(folder, smsc.port, hook))
        smsc.wait_for_gateway()
        yield kannel, smsc, sink


class TestKannel(NotifierContract):
    """The Kannel notifier."""

    plugin = Kannel

    @pytest.fixture
    def remote(
        self, clock: SteppedClock, gateway: tuple[Gateway, Smsc, Sink] | None
    ) -> Iterator[Phones]:
        """The gateway or the simulator, and a proxy before it."""
        if gateway is None:
            with KannelSimulator(clock.as_datetime) as far, FaultProxy(far.url) as proxy:
                yield Simulated(clock, proxy, far)
            return
        kannel, smsc, sink = gateway
        smsc.forget()
        with FaultProxy(kannel.url) as proxy:
            yield Real(clock, proxy, smsc, sink)
            # Nothing of this test comes in the next one.
            smsc.wait_for_whole(proxy.answered.count(202))
