"""What a call of a monitor's URL says."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.plugins.heartbeat.conftest import NOON, PUBLIC, SECRET, call, url_of, with_secrets
from upheld.plugin import Auth, Health, Level, Reading, Refused
from upheld.testing import ScratchContext
from upheld_heartbeat.adapter import Heartbeat
from upheld_heartbeat.calls import called, code, path, took
from upheld_heartbeat.config import HeartbeatConfig


def told(jobs: Heartbeat, word: str = "", body: bytes = b"") -> Reading:
    """The reading of a call that is taken."""
    received = jobs.receive(call(f"{url_of(jobs, 'acme-backup')}{word}", body, "POST"))
    assert (received.response.status, received.response.body) == (200, b"OK\n")
    (reading,) = received.items
    assert isinstance(reading, Reading)
    assert (reading.monitor, reading.at) == ("acme-backup", NOON)
    return reading


@pytest.mark.parametrize(
    ("word", "state", "detail"),
    [
        ("", Health.UP, ""),
        ("/", Health.UP, ""),
        ("/0", Health.UP, ""),
        ("/00", Health.UP, ""),
        ("/fail", Health.DOWN, ""),
        ("/degraded", Health.DEGRADED, ""),
        ("/1", Health.DOWN, "exit code 1"),
        ("/255", Health.DOWN, "exit code 255"),
        ("?rid=7b1f", Health.UP, ""),
    ],
)
def test_the_words(jobs: Heartbeat, word: str, state: Health, detail: str) -> None:
    reading = told(jobs, word)
    assert (reading.state, reading.detail, reading.latency) == (state, detail, None)


def test_the_log_is_the_detail_with_its_end(jobs: Heartbeat) -> None:
    log = b"copying\n" * 1000 + b"\x1b[31mdisk full\x1b[0m \xff\n"
    assert told(jobs, "/fail", log).detail.endswith(
        "copying [31mdisk full[0m \N{REPLACEMENT CHARACTER}"
    )
    failed = told(jobs, "/3", log)
    assert failed.detail.startswith("exit code 3: …")
    assert "disk full" in failed.detail


@pytest.mark.parametrize("word", ["/256", "/-1", "/1.5", "/failed", "/log", "/FAIL", "/²", "/%00"])
def test_a_word_that_is_none_is_told_and_kept(jobs: Heartbeat, word: str) -> None:
    received = jobs.receive(call(f"{url_of(jobs, 'acme-backup')}{word}", b"disk full"))
    (refused,) = received.items
    assert isinstance(refused, Refused)
    assert (received.response.status, refused.raw) == (404, b"disk full")
    assert "there is /fail, /degraded, /start, /0 to /255" in received.response.body.decode()
    assert code("acme-backup", SECRET) not in f"{refused}"


# --- how long it took -----------------------------------------------------------------------------


def test_a_start_is_answered_with_a_stamp_that_its_end_gives_back(jobs: Heartbeat) -> None:
    url = url_of(jobs, "acme-backup")
    began = jobs.receive(call(f"{url}/start"))
    assert began.items == ()
    stamp = began.response.body.decode().strip()
    end = jobs.receive(call(f"{url}/0?started={stamp}", at=NOON + timedelta(minutes=42)))
    (reading,) = end.items
    assert isinstance(reading, Reading)
    assert (reading.state, reading.latency) == (Health.UP, timedelta(minutes=42))


@pytest.mark.parametrize(
    ("query", "latency"),
    [
        ("duration=42.5", timedelta(seconds=42.5)),
        ("duration=0", timedelta(0)),
        ("duration=-1", None),
        ("duration=nan", None),
        ("duration=1e999", None),
        ("duration=long", None),
        ("started=", None),
        ("started=noon", None),
        ("started=2026-12-01T11:00:00", None),
        ("started=2026-12-01T12:00:01Z", None),
        ("started=2026-10-01T12:00:00Z", None),
        ("started=2026-12-01T11:00:00Z", timedelta(hours=1)),
    ],
)
def test_what_cannot_be_is_no_reason_to_lose_the_call(
    query: str, latency: timedelta | None
) -> None:
    assert took(call(f"https://x.example/hooks/jobs/a/b?{query}")) == latency


# --- whose URL it is ------------------------------------------------------------------------------

NAMES = st.text(min_size=1, max_size=40).filter(
    lambda name: name.strip("/") == name and "//" not in name
)


def _storable(name: str) -> bool:
    return name.encode(errors="ignore").decode() == name


@given(NAMES.filter(_storable), NAMES.filter(_storable))
def test_a_url_is_of_its_monitor_and_no_other(name: str, other: str) -> None:
    for word in ("", "fail", "7", "start"):
        request = call(f"https://upheld.example{path('jobs', name, SECRET)}/{word}")
        found = called(request, [SECRET])
        assert found is not None
        assert (found.monitor, found.word) == (name, word)
        assert called(request, ["another-secret-here"]) is None
    if name != other:
        forged = f"/hooks/jobs/{quote(other, safe='')}/{code(name, SECRET)}"
        assert called(call(f"https://upheld.example{forged}"), [SECRET]) is None


@pytest.mark.parametrize(
    "rest", ["", "/", "/acme-backup", "/fail", "/acme-backup/fail", "//", "/a/b/c/d"]
)
def test_without_a_code_nothing_is_taken(jobs: Heartbeat, rest: str) -> None:
    with pytest.raises(Auth):
        jobs.receive(call(f"{PUBLIC}/hooks/jobs{rest}"))


def test_a_secret_that_is_replaced(context: ScratchContext) -> None:
    """URLs that are out there work on; new ones are made with the first."""
    old = url_of(with_secrets(context, SECRET), "acme-backup")
    both = with_secrets(context, "another-secret-here", SECRET)
    new = url_of(both, "acme-backup")
    assert new != old
    assert [len(both.receive(call(each)).items) for each in (old, new)] == [1, 1]


# --- settings and what people are shown -----------------------------------------------------------


def test_the_urls_of_monitors(jobs: Heartbeat) -> None:
    rows = list(jobs.describe("acme-backup, acme/mirror ,"))
    assert [row["monitor"] for row in rows] == ["acme-backup", "acme/mirror"]
    assert rows[1]["url"].startswith(f"{PUBLIC}/hooks/jobs/acme%2Fmirror/")
    assert rows[0]["failed"] == f"{rows[0]['url']}/fail"
    assert SECRET not in repr(rows)


def test_check_says_where_they_begin(jobs: Heartbeat, context: ScratchContext) -> None:
    (outside,) = jobs.check()
    context.public_url = None
    (alone,) = jobs.check()
    assert (outside.level, alone.level) == (Level.OK, Level.WARNING)
    assert outside.what == f"URLs begin with {PUBLIC}/hooks/jobs/"


@pytest.mark.parametrize("secrets", ["short", [], [SECRET, "short"]])
def test_a_secret_that_can_be_guessed(secrets: object) -> None:
    with pytest.raises(ValidationError, match=r"16 characters|at least 1 item"):
        HeartbeatConfig.model_validate({"secrets": secrets})


def test_one_secret_needs_no_list() -> None:
    assert len(HeartbeatConfig.model_validate({"secrets": SECRET}).secrets) == 1


def test_a_call_is_of_when_it_comes(jobs: Heartbeat) -> None:
    at = datetime.fromisoformat("2026-12-01T13:00:00+00:00")
    (reading,) = jobs.receive(call(url_of(jobs, "acme-backup"), at=at)).items
    assert isinstance(reading, Reading)
    assert reading.at == at
