"""A plugin as an integrator writes it: a tracker over a mapping, and a notifier that keeps a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from upheld.plugin import (
    Ability,
    Address,
    Attachment,
    Channel,
    Comment,
    Connection,
    ConnectionConfig,
    Delivery,
    Draft,
    FieldSpec,
    Finding,
    Gone,
    Level,
    Lookup,
    Notifier,
    Outgoing,
    Page,
    Permanent,
    Probe,
    Receipt,
    Ref,
    RemoteCase,
    Schema,
    Stale,
    Tracker,
    Value,
    Visibility,
    hookimpl,
)


class SampleConfig(ConnectionConfig):
    """What can be set."""

    url: str = Field(description="where it is")
    token: SecretStr = Field(description="what signs in")


class SampleTracker(Tracker[SampleConfig]):
    """Items in memory."""

    name = "sample"
    Config = SampleConfig
    conformance = "upheld_sample.conformance"
    abilities: ClassVar[frozenset[Ability]] = frozenset({Ability.PULL, Ability.FIND})

    _items: ClassVar[dict[str, RemoteCase]] = {}

    def check(self) -> Iterable[Finding]:
        yield Finding(Level.OK, self.context.name, f"{self.config.url} answers")

    def schema(self) -> Schema:
        return Schema((FieldSpec("title", "Title", required=True),), ("open", "closed"))

    def fetch(self, ref: Ref) -> RemoteCase:
        try:
            return self._items[ref.id]
        except KeyError as error:
            raise Gone(f"{ref.key} is not there", "look whether it was moved") from error

    def find(self, key: str, since: datetime) -> Lookup[RemoteCase]:
        found = (item for item in self._items.values() if item.key == key)
        return Lookup(next(found, None), conclusive=True)

    def create(self, draft: Draft, key: str) -> RemoteCase:
        number, at = str(len(self._items) + 1), self.context.now()
        ref = Ref(draft.scope, number, f"S-{number}")
        fields = {"title": draft.text.partition("\n")[0], **draft.fields}
        item = RemoteCase(ref, "1", at, fields, key, (), (), ())
        self._items[number] = item
        return item

    def update(self, ref: Ref, fields: Mapping[str, Value], seen: str) -> RemoteCase:
        item = self.fetch(ref)
        if item.version != seen:
            raise Stale(f"{ref.key} is at version {item.version}", "read it again")
        changed = replace(item, fields={**item.fields, **fields}, version=f"{int(seen) + 1}")
        self._items[ref.id] = changed
        return changed

    def comment(self, ref: Ref, comment: Comment, key: str) -> Comment:
        item = self.fetch(ref)
        stored = replace(comment, id=f"c{len(item.comments or ())}", key=key)
        self._items[ref.id] = replace(item, comments=(*(item.comments or ()), stored))
        return stored

    def attach(
        self, ref: Ref, attachment: Attachment, visibility: Visibility, key: str
    ) -> Attachment:
        raise Permanent("it keeps no files", "put it elsewhere and link it")

    def pull(self, cursor: str | None) -> Page:
        items = tuple(self._items.values())
        return Page(items, cursor="", more=False, as_of=self.context.now())


class SampleNotifier(Notifier[SampleConfig]):
    """Keeps what it is given."""

    name = "sample-chat"
    Config = SampleConfig
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.CHAT})

    def check(self) -> Iterable[Finding]:
        return [Finding(Level.OK, self.context.name, "all is well")]

    def send(self, message: Outgoing, to: Address, key: str) -> Receipt:
        with self.context.http() as session:
            session.post(self.config.url, json={"to": to.value, "text": message.text})
        self.context.log.info("sent", to=to.value)
        return Receipt(key, None, Delivery.ACCEPTED, self.context.now())


@hookimpl
def upheld_plugins() -> list[type[Connection[Any] | Probe[Any]]]:
    return [SampleTracker, SampleNotifier]
