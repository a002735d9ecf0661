"""A tracker in memory, with people on its far side whom the test plays."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Final

from upheld.plugin import (
    Ability,
    Actor,
    Attachment,
    Change,
    Comment,
    Context,
    Draft,
    FieldSpec,
    Finding,
    Gone,
    Level,
    Lookup,
    Page,
    PluginError,
    Ref,
    RemoteCase,
    Schema,
    Side,
    Stale,
    Tracker,
    Unknown,
    Value,
    Visibility,
)
from upheld.testing.notifier import ScriptedConfig

_A_PAGE: Final = 50
_FIELDS: Final = ("title", "status", "severity", "queue", "assignee", "customer")
_STATUSES: Final = ("open", "in progress", "waiting", "resolved", "closed")


class ScriptedTracker(Tracker[ScriptedConfig]):
    """In memory; every change makes a new version, and comes with the next pull.

    People on the far side: `open`, `edit`, `say`. Faults: `fail_next`, `lose_reply`, and ``down``,
    which every call raises while it is set. ``writes`` counts what Upheld changed.
    """

    name = "scripted-tracker"
    Config = ScriptedConfig
    abilities: ClassVar[frozenset[Ability]] = frozenset(
        {Ability.PULL, Ability.FIND, Ability.REPEAT, Ability.INTERNAL_COMMENTS}
    )

    def __init__(self, config: ScriptedConfig, context: Context) -> None:
        super().__init__(config, context)
        self.items: dict[str, RemoteCase] = {}
        self.writes = 0
        self.closed = False
        self.down: PluginError | None = None
        self._changed: list[str] = []
        self._keys: dict[str, object] = {}
        self._faults: deque[PluginError] = deque()
        self._lost_replies = 0

    # --- what a test tells it ---

    def fail_next(self, *errors: PluginError) -> None:
        """The next calls raise these, one each, and do nothing."""
        self._faults.extend(errors)

    def lose_reply(self, times: int = 1) -> None:
        """The next writes happen, and still raise `Unknown`."""
        self._lost_replies += times

    def open(self, by: Actor, text: str, **fields: Value) -> RemoteCase:
        """A person opens an item."""
        return self._new(Draft("scripted", text, by, fields), key=None)

    def edit(self, ref: Ref, by: Actor, **fields: Value) -> RemoteCase:
        """A person changes fields."""
        return self._write(self._item(ref), by, fields)

    def say(self, ref: Ref, comment: Comment) -> Comment:
        """A person comments."""
        return self._add_comment(self._item(ref), comment)

    # --- what the core asks of it ---

    def check(self) -> Iterable[Finding]:
        """One finding: all is well, or the scripted fault."""
        self._fail()
        return [Finding(Level.OK, self.context.name, "keeps everything in memory")]

    def schema(self) -> Schema:
        """Six fields, five statuses, every move allowed."""
        values = {"status": _STATUSES}
        fields = tuple(FieldSpec(name, name, values=values.get(name)) for name in _FIELDS)
        return Schema(fields, _STATUSES)

    def fetch(self, ref: Ref) -> RemoteCase:
        """The item as it is, by its id or by what people call it."""
        self._fail()
        called = next((each.ref for each in self.items.values() if each.ref.key == ref.id), ref)
        return self._item(called)

    def find(self, key: str, since: datetime) -> Lookup[RemoteCase]:
        """The item that was created under this key: conclusive."""
        self._fail()
        return Lookup(self._by_key(key), conclusive=True)

    def create(self, draft: Draft, key: str) -> RemoteCase:
        """One item a key."""
        self._fail()
        found = self._by_key(key)
        if found is None:
            found = self._new(draft, key)
            self.writes += 1
        self._answer()
        return found

    def update(self, ref: Ref, fields: Mapping[str, Value], seen: str) -> RemoteCase:
        """Write fields; `Stale` where somebody wrote in between."""
        self._fail()
        item = self._item(ref)
        if item.version != seen:
            raise Stale(f"{ref.key} is at version {item.version}, not {seen}", "read it again")
        upheld = Actor(self.context.name, side=Side.UPHELD)
        self.writes += 1
        stored = self._write(item, upheld, fields)
        self._answer()
        return stored

    def comment(self, ref: Ref, comment: Comment, key: str) -> Comment:
        """One comment a key."""
        self._fail()
        item = self._item(ref)
        stored = self._keys.get(key)
        if not isinstance(stored, Comment):
            stored = self._add_comment(item, replace(comment, key=key, at=self.context.now()))
            self._keys[key] = stored
            self.writes += 1
        self._answer()
        return stored

    def attach(
        self,
        ref: Ref,
        attachment: Attachment,
        visibility: Visibility,
        key: str,
    ) -> Attachment:
        """One file a key."""
        self._fail()
        item = self._item(ref)
        stored = self._keys.get(key)
        if not isinstance(stored, Attachment):
            stored = self._keys[key] = replace(attachment, id=f"file-{len(self._keys) + 1}")
            self._store(replace(item, attachments=(*(item.attachments or ()), stored)))
            self.writes += 1
        self._answer()
        return stored

    def pull(self, cursor: str | None) -> Page:
        """Items changed since the cursor, which counts changes."""
        self._fail()
        start = int(cursor or 0)
        changed = self._changed[start : start + _A_PAGE]
        items = tuple(self.items[id_] for id_ in dict.fromkeys(changed))
        end = start + len(changed)
        return Page(items, str(end), end < len(self._changed), self.context.now())

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    # --- the far side ---

    def _fail(self) -> None:
        if self.down is not None:
            raise self.down
        if self._faults:
            raise self._faults.popleft()

    def _answer(self) -> None:
        if self._lost_replies:
            self._lost_replies -= 1
            raise Unknown("the reply was lost", "look it up")

    def _by_key(self, key: str) -> RemoteCase | None:
        return next((item for item in self.items.values() if item.key == key), None)

    def _item(self, ref: Ref) -> RemoteCase:
        if ref.id not in self.items:
            raise Gone(f"{ref.key} is not there")
        return self.items[ref.id]

    def _new(self, draft: Draft, key: str | None) -> RemoteCase:
        number = len(self.items) + 1
        ref = Ref(draft.scope, f"id-{number}", f"T-{number}")
        fields = {**dict.fromkeys(_FIELDS), "status": _STATUSES[0], **draft.fields}
        fields |= {"text": draft.text, "reporter": draft.reporter.id}
        at = self.context.now()
        return self._store(RemoteCase(ref, "0", at, fields, key, (), (), (), created=at))

    def _write(self, item: RemoteCase, by: Actor, fields: Mapping[str, Value]) -> RemoteCase:
        at, past = self.context.now(), item.history or ()
        wanted = {name: new for name, new in fields.items() if item.fields.get(name) != new}
        changes = tuple(
            Change(f"h-{len(past) + n}", name, item.fields.get(name), new, at, by)
            for n, (name, new) in enumerate(wanted.items(), start=1)
        )
        if not changes:
            return item
        merged = {**item.fields, **wanted}
        return self._store(replace(item, fields=merged, history=(*past, *changes)))

    def _add_comment(self, item: RemoteCase, comment: Comment) -> Comment:
        past = item.comments or ()
        stored = replace(comment, id=comment.id or f"c-{item.ref.id}-{len(past) + 1}")
        self._store(replace(item, comments=(*past, stored)))
        return stored

    def _store(self, item: RemoteCase) -> RemoteCase:
        version = str(int(item.version) + 1)
        stored = replace(item, version=version, updated=self.context.now())
        self.items[item.ref.id] = stored
        self._changed.append(item.ref.id)
        return stored
