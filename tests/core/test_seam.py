"""A plugin's code is called in one place: what goes wrong there stays there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
import structlog
from pydantic import BaseModel, SecretBytes, SecretStr

from upheld.calendar.instant import SECOND
from upheld.logs import configure
from upheld.plugin import Ability, Auth, Permanent, PluginError, Retry
from upheld.seam import Hung, Live, secrets, timed
from upheld.testing import ScriptedConfig, ScriptedNotifier, make_context

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
SOON = SECOND // 50
SECRET = "https://api.example/?key=hunter2"


@pytest.fixture
def far(tmp_path: Path) -> ScriptedNotifier:
    return ScriptedNotifier(ScriptedConfig(), make_context(tmp_path, NOON, "pager"))


@pytest.fixture
def live(far: ScriptedNotifier) -> Live:
    return Live("pager", far)


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """Whoever waits for it hangs until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def raising(error: BaseException) -> None:
    raise error


# --- what comes out ---------------------------------------------------------------------------------


def test_what_the_plugin_answers_comes_back(live: Live) -> None:
    assert live.call(lambda: 42) == 42


def test_what_the_plugin_raises_in_our_words_comes_out_as_it_is(live: Live) -> None:
    error = Retry("busy")
    with pytest.raises(Retry) as caught:
        live.call(lambda: raising(error))
    assert caught.value is error


@pytest.mark.parametrize(
    "error", [ValueError(SECRET), KeyError(SECRET), SystemExit(SECRET), KeyboardInterrupt(SECRET)]
)
def test_anything_else_is_a_permanent_error_that_tells_its_kind_alone(
    live: Live, error: BaseException
) -> None:
    with pytest.raises(Permanent, match=f"pager failed with {type(error).__name__}") as caught:
        live.call(lambda: raising(error))
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_nor_does_a_log_or_a_traceback_tell_more(live: Live) -> None:
    stream = StringIO()
    configure(stream, json=True, debug=True)
    try:
        live.call(lambda: raising(ValueError(SECRET)))
    except PluginError:
        structlog.get_logger().exception("failed")
    finally:
        structlog.reset_defaults()
    assert "hunter2" not in stream.getvalue()
    first = stream.getvalue().splitlines()[0]
    assert "plugin_failed" in first
    assert "test_seam.py:" in first, "the lines are told, for whoever has to mend it"


def test_one_that_failed_is_called_again(live: Live) -> None:
    with pytest.raises(Permanent):
        live.call(lambda: raising(ValueError()))
    assert live.call(lambda: "again") == "again"


# --- what does not come out -------------------------------------------------------------------------


def test_a_call_that_hangs_is_written_off_and_unknown(live: Live, never: threading.Event) -> None:
    with pytest.raises(Hung, match="pager did not answer within 0 s"):
        live.call(never.wait, hard_stop=SOON)
    assert live.call(lambda: "next") == "next"


def test_a_connection_has_a_hard_stop_of_its_own(
    far: ScriptedNotifier, never: threading.Event
) -> None:
    with pytest.raises(Hung):
        Live("pager", far, hard_stop=SOON).call(never.wait)


def hang(live: Live, on: threading.Event, *, reading: bool = False) -> None:
    with pytest.raises(Hung):
        live.call(on.wait, hard_stop=SOON, reading=reading)


def test_three_that_hang_at_a_time_stop_the_connection(live: Live, never: threading.Event) -> None:
    seen = []
    for reading in (False, True, False):
        hang(live, never, reading=reading)
        seen.append(live.stopped)
        if not live.stopped:
            live.call(lambda: "well in between")
    assert seen == [None, None, "3 calls hang"]
    with pytest.raises(Retry, match="pager is stopped: 3 calls hang"):
        live.call(lambda: "never called")


def test_what_hung_is_tried_again_after_a_while_and_each_time_later(
    far: ScriptedNotifier, never: threading.Event
) -> None:
    seconds = [0.0]
    live = Live("pager", far, monotonic=lambda: seconds[0])
    for _ in range(3):
        hang(live, never)
    seen = []
    for _ in range(8):
        begun = seconds[0]
        while live.stopped:
            seconds[0] += 30
        seen.append((seconds[0] - begun) / 60)
        hang(live, never)
    assert seen == [1, 2, 4, 8, 16, 32, 60, 60]


def test_one_that_answers_again_is_in_order(far: ScriptedNotifier, never: threading.Event) -> None:
    seconds = [0.0]
    live = Live("pager", far, monotonic=lambda: seconds[0])
    for _ in range(3):
        hang(live, never)
    seconds[0] += 60
    assert live.tripped == "3 calls hang", "so it is until a call has come back"
    with pytest.raises(Permanent):
        live.call(lambda: raising(Permanent("no such number")))
    assert live.call(lambda: "well") == "well"
    assert live.stopped is None


def test_refused_credentials_wait_for_a_person(far: ScriptedNotifier) -> None:
    seconds = [0.0]
    live = Live("pager", far, monotonic=lambda: seconds[0])
    live.stop("wrong password")
    seconds[0] += 86_400
    assert (live.stopped, live.waits_for_a_person) == ("wrong password", True)


def test_those_that_came_back_late_do_not_count(live: Live) -> None:
    for _ in range(5):
        late, threads = threading.Event(), set(threading.enumerate())
        hang(live, late)
        late.set()
        for thread in set(threading.enumerate()) - threads:
            thread.join()
    assert live.stopped is None


def test_a_stopped_connection_is_not_called(live: Live) -> None:
    live.stop("wrong password")
    called: list[int] = []
    with pytest.raises(Auth, match="wrong password"):
        live.call(lambda: called.append(1))
    assert called == []


def test_who_waited_while_it_was_stopped_is_not_called_either(live: Live) -> None:
    begun, go, errors = threading.Event(), threading.Event(), list[PluginError]()

    def first() -> None:
        begun.set()
        go.wait()

    def second() -> None:
        try:
            live.call(lambda: None)
        except PluginError as error:
            errors.append(error)

    threads = [threading.Thread(target=live.call, args=(first,)), threading.Thread(target=second)]
    threads[0].start()
    begun.wait()
    threads[1].start()
    live.stop("wrong password")
    go.set()
    for thread in threads:
        thread.join()
    assert [type(error) for error in errors] == [Auth]


# --- one at a time ----------------------------------------------------------------------------------


def overlap(live: Live, *, reading: bool) -> bool:
    """Whether a call begins while another, that does not read, is on its way."""
    begun, go = threading.Event(), threading.Event()

    def other() -> None:
        begun.set()
        go.wait()

    def look() -> None:
        live.call(lambda: seen.append(not go.is_set()), reading=reading)

    seen: list[bool] = []
    first = threading.Thread(target=live.call, args=(other,))
    second = threading.Thread(target=look)
    first.start()
    begun.wait()
    second.start()
    if reading:
        second.join()
    go.set()
    first.join()
    second.join()
    return seen[0]


def test_who_waits_behind_a_call_that_hangs_waits_no_longer_than_for_its_own(live: Live) -> None:
    begun, go, called = threading.Event(), threading.Event(), list[int]()

    def other() -> None:
        begun.set()
        go.wait()

    first = threading.Thread(target=live.call, args=(other,))
    first.start()
    begun.wait()
    with pytest.raises(Retry, match="pager is busy with another call"):
        live.call(lambda: called.append(1), hard_stop=SOON)
    go.set()
    first.join()
    assert called == []
    assert live.call(lambda: "well") == "well", "who gave up holds nothing"


def test_a_call_that_was_begun_is_the_one_that_is_on_its_way(live: Live) -> None:
    go, began = threading.Event(), threading.Event()

    def what() -> str:
        began.set()
        go.wait()
        return "well"

    ended = live.begin(what)
    assert ended is not None
    assert began.wait(10), "nobody has to wait for it so that it begins"
    assert live.begin(what) is None
    with pytest.raises(Retry, match="busy with another call"):
        live.call(lambda: None, hard_stop=SOON)
    go.set()
    assert ended(SECOND * 10) == "well"
    assert live.call(lambda: 42) == 42


def test_a_call_that_was_begun_ends_as_any_other(live: Live, never: threading.Event) -> None:
    failed = live.begin(lambda: raising(ValueError(SECRET)))
    assert failed is not None
    with pytest.raises(Permanent, match="pager failed with ValueError"):
        failed(SECOND)
    hung = live.begin(never.wait)
    assert hung is not None
    with pytest.raises(Hung):
        hung(SOON)
    assert live.call(lambda: "the next") == "the next"


def test_a_stopped_connection_begins_nothing(live: Live) -> None:
    live.stop("wrong password")
    assert live.begin(lambda: None) is None


def test_reading_runs_beside_the_rest(live: Live) -> None:
    assert overlap(live, reading=True)


def test_all_else_goes_one_at_a_time(live: Live) -> None:
    assert not overlap(live, reading=False)


# --- the rest ---------------------------------------------------------------------------------------


def test_it_can_what_its_plugin_declares(live: Live) -> None:
    assert live.can(Ability.FIND)
    assert not live.can(Ability.NOTIFIES_CUSTOMER)


def test_closing_logs_out_even_when_it_is_stopped(live: Live, far: ScriptedNotifier) -> None:
    live.stop("wrong password")
    live.close()
    assert far.closed


def test_what_goes_wrong_at_closing_is_not_worth_a_word(
    live: Live, far: ScriptedNotifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(far, "close", lambda: raising(ValueError("gone already")))
    live.close()


def test_a_call_has_a_thread_that_is_named_after_its_plugin() -> None:
    assert timed("pager", lambda: threading.current_thread().name, SECOND) == "plugin-pager"


class Nested(BaseModel):
    keys: dict[str, SecretStr]
    more: tuple[SecretBytes, ...]


def test_every_secret_is_found_however_deep() -> None:
    config = Nested(keys={"a": SecretStr("one")}, more=(SecretBytes(b"two"), SecretBytes(b"")))
    assert sorted(secrets(config)) == ["one", "two"]


def test_where_no_thread_is_to_be_had_the_next_call_is_made(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as without:
        without.setattr(threading.Thread, "start", none)
        with pytest.raises(RuntimeError):
            live.begin(lambda: None)
    assert live.call(lambda: "sent", hard_stop=10 * SECOND) == "sent"
