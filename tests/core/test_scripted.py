"""The connections that tests play with keep the promises of real ones."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import responses

from upheld.plugin import (
    Actor,
    Address,
    Attachment,
    Channel,
    Comment,
    Connection,
    Delivery,
    Draft,
    Gone,
    Outgoing,
    Receipt,
    Ref,
    RemoteCase,
    Retry,
    Side,
    Stale,
    Unknown,
    Visibility,
    Withdrawal,
)
from upheld.testing import (
    ScratchContext,
    ScriptedConfig,
    ScriptedNotifier,
    ScriptedTracker,
    Sent,
    SteppedClock,
    make_context,
)

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ANN = Actor("ann", "Ann Reyes", side=Side.STAFF)
TO = Address(Channel.PAGE, "PANN001")
MESSAGE = Outgoing("page-7", "Mail is down", "Since noon.")


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOON)


@pytest.fixture
def context(tmp_path: Path, clock: SteppedClock) -> Iterator[ScratchContext]:
    with make_context(tmp_path, clock.as_datetime) as context:
        yield context


@pytest.fixture
def notifier(context: ScratchContext) -> ScriptedNotifier:
    return ScriptedNotifier(ScriptedConfig(), context)


@pytest.fixture
def tracker(context: ScratchContext) -> ScriptedTracker:
    return ScriptedTracker(ScriptedConfig(), context)


@pytest.fixture(params=["notifier", "tracker"])
def connection(request: pytest.FixtureRequest) -> ScriptedNotifier | ScriptedTracker:
    found: ScriptedNotifier | ScriptedTracker = request.getfixturevalue(request.param)
    return found


# --- both -----------------------------------------------------------------------------------------


def test_a_scripted_fault_is_raised_once(connection: ScriptedNotifier | ScriptedTracker) -> None:
    connection.fail_next(Retry("busy"))
    with pytest.raises(Retry):
        connection.pull(None)
    assert connection.pull(None).items == ()


def test_faults_come_in_order(connection: ScriptedNotifier | ScriptedTracker) -> None:
    connection.fail_next(Retry("busy"), Unknown("lost"))
    for error in (Retry, Unknown):
        with pytest.raises(error):
            connection.check()


def test_it_knows_that_it_was_closed(connection: ScriptedNotifier | ScriptedTracker) -> None:
    assert not connection.closed
    connection.close()
    assert connection.closed


def test_both_are_connections_with_a_check(connection: Connection[ScriptedConfig]) -> None:
    assert [finding.subject for finding in connection.check()] == ["under-test"]


# --- the notifier ---------------------------------------------------------------------------------


def test_what_is_sent_is_kept(notifier: ScriptedNotifier, clock: SteppedClock) -> None:
    clock.forward(hours=1)
    receipt = notifier.send(MESSAGE, TO, "send:1")
    later = NOON + timedelta(hours=1)
    assert notifier.sent == [Sent(MESSAGE, TO, "send:1", later)]
    assert receipt == Receipt("send:1", "send:1", Delivery.ACCEPTED, later)


def test_the_same_key_is_sent_once(notifier: ScriptedNotifier) -> None:
    assert notifier.send(MESSAGE, TO, "send:1") == notifier.send(MESSAGE, TO, "send:1")
    assert len(notifier.sent) == 1


def test_a_fault_sends_nothing(notifier: ScriptedNotifier) -> None:
    notifier.fail_next(Retry("busy"))
    with pytest.raises(Retry):
        notifier.send(MESSAGE, TO, "send:1")
    assert notifier.sent == []
    assert notifier.find("send:1", TO, NOON).found is None


def test_a_lost_reply_was_sent_and_can_be_found(notifier: ScriptedNotifier) -> None:
    notifier.lose_reply()
    with pytest.raises(Unknown):
        notifier.send(MESSAGE, TO, "send:1")
    found = notifier.find("send:1", TO, NOON)
    assert found.conclusive
    assert found.found == notifier.send(MESSAGE, TO, "send:1")


def test_withdrawals_are_kept(notifier: ScriptedNotifier) -> None:
    notifier.withdraw("page-7", Withdrawal.WORKED, "w1")
    assert notifier.withdrawn == [("page-7", Withdrawal.WORKED)]


def test_what_it_says_comes_with_the_next_pull(notifier: ScriptedNotifier) -> None:
    receipt = Receipt("send:1", None, Delivery.ACKNOWLEDGED, NOON)
    first = notifier.pull(None)
    notifier.say(receipt)
    second = notifier.pull(first.cursor)
    assert (second.items, notifier.pull(second.cursor).items) == ((receipt,), ())


def test_a_long_tale_comes_in_pages(notifier: ScriptedNotifier) -> None:
    notifier.say(*(Receipt(f"{n}", None, Delivery.DELIVERED, NOON) for n in range(51)))
    first = notifier.pull(None)
    assert (len(first.items), first.more) == (50, True)
    assert len(notifier.pull(first.cursor).items) == 1


# --- the tracker ----------------------------------------------------------------------------------


def created(tracker: ScriptedTracker, key: str = "create:1") -> RemoteCase:
    return tracker.create(Draft("scripted", "Mail is down", ANN, {"title": "Mail"}), key)


def note(text: str = "On it.") -> Comment:
    return Comment("", text, Visibility.INTERNAL, ANN, NOON)


def test_a_create_is_read_back_and_found(tracker: ScriptedTracker) -> None:
    case = created(tracker)
    assert tracker.fetch(case.ref) == case == tracker.find("create:1", NOON).found
    assert (case.ref.key, case.version, case.fields["status"]) == ("T-1", "1", "open")


def test_a_key_makes_one_item(tracker: ScriptedTracker) -> None:
    assert created(tracker) == created(tracker)
    assert (len(tracker.items), tracker.writes) == (1, 1)


def test_a_lost_reply_left_an_item(tracker: ScriptedTracker) -> None:
    tracker.lose_reply()
    with pytest.raises(Unknown):
        created(tracker)
    assert created(tracker).key == "create:1"
    assert len(tracker.items) == 1


def test_two_faults_are_two_failures(tracker: ScriptedTracker) -> None:
    tracker.fail_next(Retry("busy"), Retry("busy"))
    for _ in range(2):
        with pytest.raises(Retry):
            created(tracker)
    assert created(tracker).version == "1"


def test_an_update_leaves_history(tracker: ScriptedTracker, clock: SteppedClock) -> None:
    case = created(tracker)
    clock.forward(minutes=1)
    stored = tracker.update(case.ref, {"status": "closed"}, case.version)
    (change,) = stored.history or ()
    assert (change.old, change.new, change.by.side) == ("open", "closed", Side.UPHELD)
    assert (stored.version, stored.updated) == ("2", clock.as_datetime())


def test_an_old_version_is_stale(tracker: ScriptedTracker) -> None:
    case = created(tracker)
    tracker.edit(case.ref, ANN, severity=1)
    with pytest.raises(Stale):
        tracker.update(case.ref, {"severity": 2}, case.version)


def test_what_is_not_there_is_gone(tracker: ScriptedTracker) -> None:
    with pytest.raises(Gone):
        tracker.fetch(Ref("scripted", "id-9", "T-9"))


def test_people_on_the_far_side_are_pulled(tracker: ScriptedTracker) -> None:
    case = tracker.open(ANN, "Mail is down", severity=1)
    tracker.edit(case.ref, ANN, severity=2)
    tracker.say(case.ref, note())
    page = tracker.pull(None)
    (found,) = page.items
    assert isinstance(found, RemoteCase)
    assert (found.version, found.fields["severity"], found.key) == ("3", 2, None)
    assert [comment.text for comment in found.comments or ()] == ["On it."]
    assert (tracker.pull(page.cursor).items, tracker.writes) == ((), 0)


def test_an_edit_of_nothing_is_no_change(tracker: ScriptedTracker) -> None:
    case = tracker.open(ANN, "Mail is down", severity=1)
    assert tracker.edit(case.ref, ANN, severity=1) == case


def test_comments_and_files_are_added_once(tracker: ScriptedTracker) -> None:
    case, file = created(tracker), Attachment("", "log.txt", "text/plain", 0, io.BytesIO)
    for _ in range(2):
        tracker.comment(case.ref, note(), "c1")
        tracker.attach(case.ref, file, Visibility.INTERNAL, "a1")
    found = tracker.fetch(case.ref)
    assert len(found.comments or ()) == len(found.attachments or ()) == 1
    assert tracker.writes == 3


def test_its_schema_names_its_fields(tracker: ScriptedTracker) -> None:
    schema = tracker.schema()
    assert {field.name for field in schema.fields} <= created(tracker).fields.keys()
    assert "closed" in schema.statuses


# --- the context ----------------------------------------------------------------------------------


def test_a_context_tells_policy_time(context: ScratchContext, clock: SteppedClock) -> None:
    clock.forward(hours=1)
    assert context.now() == NOON + timedelta(hours=1)


def test_a_context_can_stand_still(tmp_path: Path) -> None:
    assert make_context(tmp_path, NOON).now() == NOON


def test_a_naive_time_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        make_context(tmp_path, datetime(2026, 12, 1))  # noqa: DTZ001


def test_what_is_logged_can_be_read(context: ScratchContext) -> None:
    for level in ("debug", "info", "warning", "error"):
        getattr(context.log, level)("sent", case="M-1")
    assert [line[0] for line in context.record.lines] == ["debug", "info", "warning", "error"]
    assert context.record.lines[0] == ("debug", "sent", {"case": "M-1"})


@responses.activate
def test_no_request_goes_without_a_timeout(context: ScratchContext) -> None:
    responses.get("https://far.example/", body="ok")
    call = context.http().get("https://far.example/").request
    assert call.req_kwargs["timeout"] == 5.0  # type: ignore[attr-defined]


def test_the_machines_proxies_are_left_out(context: ScratchContext) -> None:
    assert context.http().trust_env is False


def test_the_vault_is_in_no_repr(context: ScratchContext) -> None:
    context.vault["token"] = "canary"
    assert "canary" not in repr(context)


def test_the_kit_drags_no_plugin_in() -> None:
    code = "import upheld.testing, sys; print([m for m in sys.modules if m.startswith('upheld_')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@responses.activate
def test_a_scratch_context_follows_redirects_no_more_than_the_real_one(
    context: ScratchContext,
) -> None:
    elsewhere = {"Location": "https://elsewhere.example/"}
    responses.get("https://far.example/", status=302, headers=elsewhere)
    assert context.http().get("https://far.example/").status_code == 302
