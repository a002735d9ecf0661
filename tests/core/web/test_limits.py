"""So many a minute, and no more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from upheld.web.limits import Rate


class Seconds:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_all_of_a_minute_may_come_at_once() -> None:
    rate = Rate(3, Seconds())
    assert [rate.wait("a") for _ in range(4)] == [0, 0, 0, 20]


def test_one_floods_for_itself_alone() -> None:
    rate = Rate(1, Seconds())
    assert (rate.wait("a"), rate.wait("b")) == (0, 0)
    assert rate.wait("a") == 60


def test_who_waits_as_told_comes_in() -> None:
    seconds = Seconds()
    rate = Rate(7, seconds)
    while not (wait := rate.wait("a")):
        pass
    seconds.now += wait
    assert rate.wait("a") == 0


@given(st.integers(1, 50), st.lists(st.floats(0, 30), max_size=200))
def test_no_minute_has_more_than_twice_as_many(a_minute: int, pauses: list[float]) -> None:
    """A full bucket, and what flows in during the minute."""
    seconds = Seconds()
    rate = Rate(a_minute, seconds)
    came = []
    for pause in pauses:
        seconds.now += pause
        if not rate.wait("a"):
            came.append(seconds.now)
    for at in came:
        assert sum(at <= other < at + 60 for other in came) <= 2 * a_minute
