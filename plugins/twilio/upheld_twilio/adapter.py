"""The notifier: SMS and calls out; answers, keys and news of deliveries in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import ClassVar, Final

from upheld.plugin import (
    Ability,
    Address,
    Channel,
    Delivery,
    Finding,
    Level,
    Lookup,
    Notifier,
    Outgoing,
    Page,
    Permanent,
    PluginError,
    Receipt,
    Received,
    Request,
)
from upheld.sms import carried, mark, number, of
from upheld_twilio import outgoing
from upheld_twilio.client import Api
from upheld_twilio.config import TwilioConfig
from upheld_twilio.cursor import Cursor
from upheld_twilio.hooks import Hooks
from upheld_twilio.incoming import Listed, Reader, Resource, receipt
from upheld_twilio.speech import signpost

_LISTS: Final = (
    ("Messages", "messages", "To"),
    ("Messages", "messages", "From"),
    ("Calls", "calls", "From"),
)
#: A message is heard of once more, an hour after Twilio gave up on it at the latest.
_LAST_NEWS: Final = timedelta(hours=1)


class Twilio(Notifier[TwilioConfig]):
    """SMS and spoken calls by one number.

    Twilio knows no key that would make a repeat harmless. So an SMS ends with a mark made of its key,
    and what may have gone out is looked for among the messages to that number; a call bears the same in
    its TwiML, which its events tell.
    """

    name = "twilio"
    conformance = "upheld_twilio.conformance"
    simulator = "upheld_twilio.simulator:TwilioSimulator"
    Config = TwilioConfig
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.SMS, Channel.VOICE})
    abilities: ClassVar[frozenset[Ability]] = frozenset(
        {Ability.PULL, Ability.RECEIVE, Ability.FIND, Ability.RECEIPTS}
    )

    _api: Api | None = None

    def check(self) -> Iterable[Finding]:
        """Signs in, and looks at the account, the number and where its messages go."""
        try:
            return tuple(self._findings())
        except PluginError as error:
            return (Finding(Level.ERROR, self.context.name, error.what, error.do_next),)

    def send(self, message: Outgoing, to: Address, key: str) -> Receipt:
        """Send an SMS or place a call. ``accepted``: Twilio has it, nobody else so far."""
        at = self.context.now()
        if to.channel is Channel.SMS:
            called = number(to.value)
            signed = mark(key, called, at, self.config.token.get_secret_value())
            form = outgoing.sms(message, called, signed, self.config, self._door, key=key, at=at)
            sent = self._connected().create("Messages", form)
            return Receipt(key, signed, Delivery.ACCEPTED, at, detail=str(sent.get("sid", "")))
        if to.channel is Channel.VOICE:
            form = outgoing.call(message, to.value, self.config, self._door, key=key, at=at)
            sent = self._connected().create("Calls", form)
            return Receipt(key, str(sent.get("sid", "")), Delivery.ACCEPTED, at)
        raise Permanent(f"{self.name} has no {to.channel}", "correct `reach`")

    def find(self, key: str, to: Address, since: datetime) -> Lookup[Receipt]:
        """The SMS to this number that bears the key's mark, or the call that was made with the key."""
        look = self._call if to.channel is Channel.VOICE else self._sms
        return Lookup(look(key, number(to.value), since), conclusive=True)

    def pull(self, cursor: str | None) -> Page:
        """What people wrote, and what became of what we sent, since ``cursor``; a day back without."""
        at = self.context.now()
        place, reader = Cursor.parse(cursor, at), Reader(self._tokens)
        listed = [
            each
            for what, name, way in _LISTS
            for each in self._since(what, name, place, **{way: self.config.number})
        ]
        items = (reader.item(each, at) for each in place.news(listed))
        longest = timedelta(seconds=self.config.validity) + _LAST_NEWS
        after = place.after(listed, longest)
        return Page(tuple(each for each in items if each is not None), str(after), False, at)

    def receive(self, request: Request) -> Received:
        """A callback of Twilio's, verified by its signature over the public URL."""
        return Hooks(self.config.account, self._tokens, self.context.public_url).received(request)

    def close(self) -> None:
        """Let go of the connections; the next call opens new ones."""
        api, self._api = self._api, None
        if api is not None:
            api.close()

    # --- lookups ---

    def _sms(self, key: str, to: str, since: datetime) -> Receipt | None:
        name = of(key)
        # No filter by date: what has not been sent yet has none, and would be left out.
        for each in self._to("Messages", "messages", to, since):
            signed = carried(each.body or "")
            if signed is not None and signed.startswith(name):
                return self._found(key, signed, each)
        return None

    def _call(self, key: str, to: str, since: datetime) -> Receipt | None:
        for each in self._to("Calls", "calls", to, since):
            if self._made_with(each.sid, signpost(key)):
                return self._found(key, each.sid, each)
        return None

    def _made_with(self, sid: str, sign: str) -> bool:
        """Whether a call's TwiML bears this sign: the first of its events is its creation."""
        pages = self._connected().listed(f"Calls/{sid}/Events", "events")
        return any(sign in json.dumps(event.get("request")) for page in pages for event in page)

    def _found(self, key: str, handle: str, there: Resource) -> Receipt:
        at = self.context.now()
        news = receipt(key, handle, there.status, at, there.error_code, there.answered_by)
        return news or Receipt(key, handle, Delivery.ACCEPTED, at)

    def _to(self, what: str, name: str, to: str, since: datetime) -> Iterator[Resource]:
        query = {"To": to, "From": self.config.number}
        for each in self._since(what, name, Cursor(since), **query):
            if each.found is not None:
                yield each.found

    def _since(self, what: str, name: str, place: Cursor, **query: str) -> Iterator[Listed]:
        """A list, page by page, as far back as there is anything since then."""
        for page in self._connected().listed(what, name, **query):
            listed = [Listed.of(raw) for raw in page]
            yield from listed
            if not place.reaches(listed):
                return

    # --- check ---

    def _findings(self) -> Iterator[Finding]:
        name, api = self.context.name, self._connected()
        status = api.account().get("status")
        if status != "active":
            yield Finding(Level.ERROR, name, f"the account is {status}", "look at Twilio's console")
            return
        yield Finding(Level.OK, name, "signed in, and the account is active")
        yield from self._number(api)
        if self._door.url is None:
            what = "no public URL: replies and news are polled for, and no key of a call is heard"
            yield Finding(Level.WARNING, name, what, "set `url` under `web`, and open the door")

    def _number(self, api: Api) -> Iterator[Finding]:
        name, number = self.context.name, self.config.number
        pages = api.listed("IncomingPhoneNumbers", "incoming_phone_numbers", PhoneNumber=number)
        ours = [each for page in pages for each in page if each.get("phone_number") == number]
        if not ours:
            what = f"{number} is no number of the account"
            yield Finding(Level.ERROR, name, what, "set `number` to one of its numbers")
            return
        can = ours[0].get("capabilities") or {}
        for ability in ("sms", "voice"):
            if not can.get(ability):
                what = f"{number} can't do {ability}"
                yield Finding(Level.WARNING, name, what, "keep that channel out of `reach`")
        door = self._door.url
        if door is not None and ours[0].get("sms_url") != door:
            what = f"messages to {number} do not come to {door}: they are polled for"
            yield Finding(Level.WARNING, name, what, "set it as the number's messaging webhook")

    # --- parts ---

    @property
    def _door(self) -> outgoing.Door:
        public = self.context.public_url
        return outgoing.Door(f"{public.rstrip('/')}/hooks/{self.context.name}" if public else None)

    @property
    def _tokens(self) -> tuple[str, ...]:
        return tuple(each.get_secret_value() for each in self.config.tokens)

    def _connected(self) -> Api:
        if self._api is None:
            config = self.config
            self._api = Api(
                self.context.http(), config.url, config.account, config.login, config.timeout
            )
        return self._api
