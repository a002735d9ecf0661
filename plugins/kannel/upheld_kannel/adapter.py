"""The notifier: SMS over one's own gateway; receipts and what people write come to the door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from upheld.plugin import (
    Ability,
    Address,
    Auth,
    Channel,
    Delivery,
    Finding,
    Level,
    Notifier,
    Outgoing,
    Permanent,
    PluginError,
    Receipt,
    Received,
    Request,
    Response,
)
from upheld.sms import body, mark, number
from upheld_kannel.client import Sendsms
from upheld_kannel.config import KannelConfig
from upheld_kannel.mapping import headers, received


class Kannel(Notifier[KannelConfig]):
    """SMS through Kannel, or another gateway with its HTTP interface.

    A gateway knows no key, and can't be asked what it has. What may have gone out stays unknown until
    its receipt comes, which bears our key; a page is sent again without waiting for that.
    """

    name = "kannel"
    conformance = "upheld_kannel.conformance"
    simulator = "upheld_kannel.simulator:KannelSimulator"
    Config = KannelConfig
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.SMS})
    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.RECEIVE, Ability.RECEIPTS})

    _client: Sendsms | None = None

    def check(self) -> Iterable[Finding]:
        """Signs in with a message to nobody, which the gateway refuses."""
        return tuple(self._findings())

    def send(self, message: Outgoing, to: Address, key: str) -> Receipt:
        """Hand it to the gateway. ``accepted``: the gateway has it, nobody else so far."""
        if to.channel is not Channel.SMS:
            raise Permanent(f"{self.name} has no {to.channel}", "correct `reach`")
        at, called = self.context.now(), number(to.value)
        signed = mark(key, called, at, self._secret)
        text = body(message, signed, self.config.segments)
        told = headers(message, called, text, self.config, self._door, key=key, at=at)
        said = self._connected().send(told, text)
        return Receipt(key, signed, Delivery.ACCEPTED, at, detail=said)

    def receive(self, request: Request) -> Received:
        """A callback of the gateway: a receipt, or what somebody wrote."""
        if request.method != "GET":
            raise Auth("the gateway calls back by GET", "look at the gateway's get-url")
        item = received(request, self._secret)
        # What stands in the answer to a message would be sent to whoever wrote it.
        return Received(Response(200), () if item is None else (item,))

    def close(self) -> None:
        """Let go of the connections; the next call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    @property
    def _secret(self) -> str:
        return self.config.secret.get_secret_value()

    @property
    def _door(self) -> str | None:
        base = self.config.door or self.context.public_url
        return f"{base.rstrip('/')}/hooks/{self.context.name}" if base else None

    def _connected(self) -> Sendsms:
        if self._client is None:
            config = self.config
            self._client = Sendsms(
                self.context.http(), config.url, config.user, config.password, config.timeout
            )
        return self._client

    def _findings(self) -> Iterator[Finding]:
        name = self.context.name
        try:
            self._connected().try_out()
        except PluginError as error:
            yield Finding(Level.ERROR, name, error.what, error.do_next)
            return
        yield Finding(Level.OK, name, "the gateway takes our messages")
        if self._door is None:
            what = "the gateway has nowhere to tell what became of a message"
            yield Finding(Level.WARNING, name, what, "set `door`, or `url` under `web`")
