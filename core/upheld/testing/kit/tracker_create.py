"""B: creation. One draft is one item, whatever happens on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from upheld.plugin import Ability, PluginError, RemoteCase, Tracker, Visibility
from upheld.testing.clock import SteppedClock
from upheld.testing.kit.contract import Connect
from upheld.testing.kit.far_end import SOMEBODY, Fault, TrackerFarEnd
from upheld.testing.kit.grade import shows
from upheld.testing.kit.tracker_base import TrackerBase, comment, create, drafted, said


class Creation(TrackerBase):
    """`create` and `find`."""

    @shows("B6-create")
    def test_a_minimal_draft(self, tracker: Tracker[Any], remote: TrackerFarEnd) -> None:
        made = tracker.create(drafted(remote), "key:1")
        assert remote.ids() == (made.ref.id,)
        assert (made.key, made.ref.scope) == ("key:1", remote.scope)
        assert made.version
        assert made.ref.key

    @shows("B6-create")
    def test_a_full_draft(self, tracker: Tracker[Any], remote: TrackerFarEnd) -> None:
        fields = {remote.text_field: "Mail is down in Rome"}
        fields |= {name: values[0] for name, values in choices(tracker).items()}
        made = tracker.create(drafted(remote, "Nothing goes out.", **fields), "key:1")
        stored = remote.stored(made.ref).fields
        assert {name: made.fields.get(name) for name in fields} == fields
        assert {name: stored.get(name) for name in fields} == fields

    @shows("B6-create")
    def test_two_keys_are_two_items(self, tracker: Tracker[Any], remote: TrackerFarEnd) -> None:
        made = [tracker.create(drafted(remote), key) for key in ("key:1", "key:2")]
        assert len({each.ref.id for each in made}) == 2
        assert len(remote.ids()) == 2

    @shows("B7-lost-reply")
    def test_a_lost_reply(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, clock: SteppedClock
    ) -> None:
        self.meet(remote, Fault.LOST_REPLY)
        tracker.pull(None)
        remote.inject(Fault.LOST_REPLY)
        made = create(tracker, drafted(remote), "key:1", clock)
        assert remote.ids() == (made.ref.id,)

    @shows("B7-lost-reply")
    def test_a_comment_whose_reply_was_lost(
        self, tracker: Tracker[Any], remote: TrackerFarEnd
    ) -> None:
        self.meet(remote, Fault.LOST_REPLY)
        ref = remote.create("An item.", SOMEBODY, {})
        remote.inject(Fault.LOST_REPLY)
        comment(tracker, ref, said("once", Visibility.PUBLIC), "key:2")
        assert [each.text for each in remote.stored(ref).comments] == ["once"]

    @shows("B9-two-at-once")
    def test_two_at_once(self, connect: Connect, remote: TrackerFarEnd) -> None:
        """Without ``repeat`` the core lets one at a time create; see the contract's last part."""
        if Ability.REPEAT not in self.plugin.abilities:
            return
        connections = [connect(), connect()]
        with ThreadPoolExecutor(2) as both:
            made = list(both.map(lambda each: _repeated(each, remote), connections))
        assert len({each.ref.id for each in made}) == 1
        assert len(remote.ids()) == 1

    @shows("B11-lookup-first")
    def test_a_lookup_finds_what_was_created(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, clock: SteppedClock
    ) -> None:
        since = clock.as_datetime()
        before = tracker.find("key:1", since)
        tracker.create(drafted(remote), "key:0")
        made = tracker.create(drafted(remote), "key:1")
        clock.forward(minutes=30)
        after = tracker.find("key:1", since)
        assert before.found is None
        assert after.found is not None
        assert after.found.ref.id == made.ref.id

    @shows("B11-lookup-first")
    def test_only_the_whole_key_is_found(
        self, tracker: Tracker[Any], remote: TrackerFarEnd, clock: SteppedClock
    ) -> None:
        since = clock.as_datetime()
        tracker.create(drafted(remote), "key:12")
        clock.forward(minutes=30)
        assert [tracker.find(key, since).found for key in ("key:1", "key:123", "12")] == [None] * 3

    @shows("B12-renamed")
    def test_an_item_whose_key_changed(self, tracker: Tracker[Any], remote: TrackerFarEnd) -> None:
        self.meet(remote, "rename")
        ref = tracker.create(drafted(remote), "key:1").ref
        renamed = remote.rename(ref)
        found = tracker.fetch(ref)
        assert (found.ref.id, found.ref.key) == (ref.id, renamed.key)
        assert renamed.key != ref.key


def choices(tracker: Tracker[Any]) -> dict[str, tuple[str, ...]]:
    """The values of each field that can be written and has a list."""
    fields = tracker.schema().fields
    return {each.name: each.values for each in fields if each.writable and each.values}


def _repeated(tracker: Any, remote: TrackerFarEnd) -> RemoteCase:
    """Created, or found created, under one key."""
    for _ in range(9):
        try:
            made: RemoteCase = tracker.create(drafted(remote), "key:1")
        except PluginError:
            continue
        return made
    raise AssertionError("two at once never come to an end")
