"""What the parts of the tracker contract share: drafts, a reader of pages, a caller that recovers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

import pytest

from upheld.plugin import (
    Actor,
    Attachment,
    Comment,
    Draft,
    PluginError,
    Ref,
    RemoteCase,
    Retry,
    Side,
    Touched,
    Tracker,
    Unknown,
    Visibility,
)
from upheld.testing.clock import SteppedClock
from upheld.testing.kit.contract import NOON, Connect
from upheld.testing.kit.far_end import SOMEBODY, TrackerFarEnd
from upheld.testing.kit.grade import Kind
from upheld.testing.kit.settings import Settings

UPHELD: Final = Actor("under-test", side=Side.UPHELD)
#: More turns than any far end needs; who takes more never ends.
_TURNS: Final = 40


class TrackerBase(Settings):
    """Fixtures and words of the tracker contract."""

    kind = Kind.TRACKER

    @pytest.fixture
    def tracker(self, connect: Connect) -> Tracker[Any]:
        """The plugin, connected."""
        connected: Tracker[Any] = connect()
        return connected

    def touch(self, connection: Any) -> object:
        """The first page."""
        return connection.pull(None)

    def attempts(self, connection: Any, remote: TrackerFarEnd) -> Iterator[Callable[[], object]]:
        """A reading and three writings."""
        ref = remote.create("An item.", SOMEBODY, {})
        seen = connection.fetch(ref).version
        yield lambda: connection.pull(None)
        yield lambda: connection.fetch(ref)
        yield lambda: connection.create(drafted(remote), f"attempt:{len(remote.calls())}")
        yield lambda: connection.update(ref, {remote.text_field: "changed"}, seen)
        yield lambda: connection.comment(ref, said("words"), f"attempt:{len(remote.calls())}")


def drafted(
    remote: TrackerFarEnd, text: str = "Mail is down.\nSince noon.", **fields: Any
) -> Draft:
    """A draft by a customer."""
    return Draft(remote.scope, text, SOMEBODY, fields)


def said(text: str, visibility: Visibility = Visibility.INTERNAL, *files: Attachment) -> Comment:
    """A comment of Upheld's."""
    return Comment("", text, visibility, UPHELD, NOON, attachments=files)


def file(content: bytes, name: str = "log.txt") -> Attachment:
    """A file to send."""
    return Attachment("", name, "text/plain", len(content), lambda: io.BytesIO(content))


def content(attachment: Attachment) -> bytes:
    """The bytes of a file, fetched."""
    with attachment.open() as stream:
        return stream.read()


def read_all(
    tracker: Tracker[Any], cursor: str | None = None, *, after_page: Callable[[], object] = list
) -> tuple[dict[str, list[RemoteCase]], str]:
    """Every page since the cursor, as the core reads them: the versions of each item that came, by
    id, and the last cursor. ``after_page`` is called between two pages."""
    found: dict[str, list[RemoteCase]] = {}
    for _ in range(_TURNS * 10):
        page = tracker.pull(cursor)
        for item in page.items:
            whole = tracker.fetch(item.ref) if isinstance(item, Touched) else item
            if isinstance(whole, RemoteCase):
                found.setdefault(whole.ref.id, []).append(whole)
        cursor = page.cursor
        if not page.more:
            return found, cursor
        after_page()
    raise AssertionError("paging never ends")


def create(tracker: Tracker[Any], draft: Any, key: str, clock: SteppedClock) -> RemoteCase:
    """Create it as the core does: what may have happened is looked up before it is done again."""
    since = clock.as_datetime() - timedelta(hours=1)
    for _ in range(_TURNS):
        try:
            made: RemoteCase = tracker.create(draft, key)
        except (Unknown, Retry):
            found = _looked_up(tracker, key, since, clock)
            if found is not None:
                return found
        else:
            return made
    raise AssertionError("it is never created")


def _looked_up(
    tracker: Tracker[Any], key: str, since: Any, clock: SteppedClock
) -> RemoteCase | None:
    for _ in range(_TURNS):
        lookup = tracker.find(key, since)
        if lookup.found is not None or lookup.conclusive:
            found: RemoteCase | None = lookup.found
            return found
        clock.forward(minutes=1)
    raise AssertionError("it never becomes conclusive")


def comment(tracker: Tracker[Any], ref: Ref, words: Comment, key: str) -> None:
    """Comment as the core does."""
    for _ in range(_TURNS):
        try:
            tracker.comment(ref, words, key)
        except (Unknown, Retry):
            there = tracker.fetch(ref).comments or ()
            if any(each.key == key for each in there):
                return
        else:
            return
    raise AssertionError("it is never written")


def error_of(call: Callable[..., object], *arguments: object) -> PluginError:
    """The plugin error that the call must end with."""
    with pytest.raises(PluginError) as caught:
        call(*arguments)
    return caught.value
