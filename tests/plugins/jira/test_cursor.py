"""Where reading stands: nothing is lost, nothing comes for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld_jira.cursor import OVERLAP, Cursor, Listed, Row, step, to_the_minute

NOON = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
PAGE = 5


class Server:
    """Lists rows by their change, by token or by offset, from the minute of ``since`` on."""

    def __init__(self, rows: list[Row], *, by_token: bool) -> None:
        self.rows, self.by_token = {row.id: row for row in rows}, by_token

    def change(self, id_: str, at: datetime) -> None:
        looks = f"{self.rows[id_].looks}+" if id_ in self.rows else "new"
        self.rows[id_] = Row(id_, at, looks)

    def page(self, at: Cursor) -> Listed:
        rows = sorted(self.rows.values(), key=lambda row: (row.at, row.id))
        rows = [row for row in rows if at.since is None or row.at >= at.since]
        start = int(at.token or 0) if self.by_token else at.offset
        end = start + PAGE
        ends = end >= len(rows)
        token = None if ends or not self.by_token else str(end)
        return Listed(rows[start:end], ends, token)


def read(
    server: Server, cursor: Cursor, *changes: tuple[str, datetime]
) -> tuple[list[Row], Cursor]:
    """All pages; one of the changes happens after each."""
    waiting, found = list(changes), list[Row]()
    for _ in range(500):
        taken = step(cursor, server.page(cursor))
        found += taken.fresh
        cursor = Cursor.read(taken.cursor.written(), NOON + timedelta(days=30))
        if not taken.more:
            return found, cursor
        if waiting:
            server.change(*waiting.pop(0))
    raise AssertionError("paging never ends")


rows_of = st.lists(
    st.integers(0, 400).map(lambda seconds: NOON + timedelta(seconds=seconds)), max_size=40
).map(lambda instants: [Row(str(n), at, "as it is") for n, at in enumerate(instants)])


@given(rows_of, st.booleans())
def test_every_row_comes_once(rows: list[Row], by_token: bool) -> None:
    found, cursor = read(Server(rows, by_token=by_token), Cursor())
    assert sorted(found) == sorted(rows)
    again, _ = read(Server(rows, by_token=by_token), cursor)
    assert again == []


@given(rows_of, st.booleans(), st.lists(st.integers(0, 39), max_size=6))
def test_what_changes_between_two_pages_is_neither_lost_nor_stale(
    rows: list[Row], by_token: bool, which: list[int]
) -> None:
    server = Server(rows, by_token=by_token)
    changes = [
        (str(n), NOON + timedelta(seconds=401 + i)) for i, n in enumerate(which) if n < len(rows)
    ]
    found, cursor = read(server, Cursor(), *changes)
    late, _ = read(server, cursor)
    newest = {row.id: row for row in [*found, *late]}
    assert newest == server.rows


@given(rows_of.filter(bool), st.integers(0, 299))
def test_what_the_index_shows_late_comes_late(rows: list[Row], behind: int) -> None:
    server = Server(rows, by_token=True)
    _, cursor = read(server, Cursor())
    newest = max(row.at for row in rows)
    server.change("late", newest - timedelta(seconds=behind))
    found, _ = read(server, cursor)
    assert [row.id for row in found] == ["late"]


def test_a_thousand_changes_of_one_instant_are_paged() -> None:
    rows = [Row(f"{n:04}", NOON, "x") for n in range(400)]
    for by_token in (True, False):
        found, _ = read(Server(rows, by_token=by_token), Cursor())
        assert sorted(found) == rows


def test_a_token_that_comes_again_ends_the_reading() -> None:
    """A page without end was read for ever by others (mongodb/kingfisher#460)."""
    rows = [Row(str(n), NOON, "x") for n in range(PAGE)]
    at = Cursor(to_the_minute(NOON), token="same")
    assert not step(at, Listed(rows, ends=False, token="same")).more


def test_an_empty_page_ends_the_reading_whatever_it_says() -> None:
    assert not step(Cursor(), Listed([], ends=False, token="next")).more


def test_at_rest_the_overlap_is_asked_for_again() -> None:
    cursor = step(Cursor(), Listed([Row("1", NOON, "x")], ends=True)).cursor
    assert cursor.since == to_the_minute(NOON - OVERLAP)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rubbish",
        "[]",
        "{}",
        '{"since": 1e99}',
        '{"since": "2026-03-02T12:00:00"}',
        '{"seen": ["x"]}',
    ],
)
def test_a_cursor_that_can_not_be_read_is_the_beginning(text: str) -> None:
    assert Cursor.read(text, NOON) == Cursor()


def test_a_cursor_from_the_future_is_the_beginning() -> None:
    assert Cursor.read(Cursor(NOON + timedelta(hours=1)).written(), NOON) == Cursor()
    near = Cursor(NOON + timedelta(minutes=10))
    assert Cursor.read(near.written(), NOON) == near
