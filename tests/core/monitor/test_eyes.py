"""When everything fails at once it is us: nothing is believed, one thing is told, and it ends by itself."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.core.monitor.scene import Watch
from tests.core.monitor.scripted import Room
from tests.core.monitor.test_probing import lines
from upheld.plugin import Health


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found


def place(of: socket.socket) -> str:
    return f"127.0.0.1:{of.getsockname()[1]}"


def down(watch: Watch) -> list[str]:
    return [name for name in watch.watched if ("down", "") in watch.turns(name)]


def all_fail(room: Room, but: int = 0) -> None:
    failing = list(room.watch.watched)[but:]
    room.probe.says = dict.fromkeys(failing, Health.DOWN)


def test_all_fail_at_once_and_nothing_is_an_outage(watch: Watch) -> None:
    watch.register(lines(30))
    with Room(watch) as room:
        room.forward(3)
        all_fail(room)
        room.forward(30)
        assert down(watch) == []
        assert "fail at once" in room.prober.sightless
        room.probe.says = {}
        room.forward(3)
        assert room.prober.sightless == ""
        assert {watch.turns(name)[-1] for name in watch.watched} == {("up", "")}
        assert down(watch) == []


def test_a_few_that_fail_together_are_outages_of_theirs(watch: Watch) -> None:
    watch.register(lines(30))
    with Room(watch) as room:
        room.forward(3)
        all_fail(room, but=24)
        room.forward(6)
        assert len(down(watch)) == 6
        assert room.prober.sightless == ""


def test_a_handful_is_too_few_to_tell_it_from_an_outage(watch: Watch) -> None:
    watch.register(lines(2))
    with Room(watch) as room:
        room.forward(3)
        all_fail(room)
        room.forward(6)
        assert len(down(watch)) == 2


def test_what_was_down_before_says_nothing_about_us(watch: Watch) -> None:
    watch.register(lines(30))
    with Room(watch, blind_above=20) as room:
        for but in (26, 22, 18, 14):
            room.forward(2)
            all_fail(room, but=but)
            room.forward(6)
        assert len(down(watch)) == 16, "more than half, and four at a time"
    with Room(watch, blind_above=20) as room:
        all_fail(room, but=12)
        room.forward(6)
        assert len(down(watch)) == 18, "also for a daemon that has just begun"


def test_while_our_line_answers_one_server_is_down_and_without_it_nothing_is(
    watch: Watch, listening: socket.socket
) -> None:
    watch.register(lines(1))
    with Room(watch, link=[place(listening)]) as room:
        room.forward(2)
        listening.close()
        all_fail(room)
        room.forward(10)
        assert down(watch) == []
        assert "our own line is down" in room.prober.sightless
        with socket.create_server(("127.0.0.1", int(room.prober.watching.link[0].split(":")[1]))):
            room.forward(6)
        assert len(down(watch)) == 1
        assert room.prober.sightless == ""


def test_one_of_the_link_is_enough(watch: Watch, listening: socket.socket) -> None:
    watch.register(lines(1))
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nobody = place(gone)
    with Room(watch, link=[nobody, place(listening)]) as room:
        room.forward(2)
        all_fail(room)
        room.forward(6)
        assert len(down(watch)) == 1


def test_in_blindness_a_few_are_asked_and_not_all(watch: Watch) -> None:
    watch.register(lines(100))
    with Room(watch) as room:
        room.forward(3)
        before = room.probe.asked.total()
        all_fail(room)
        room.forward(10)
        looks = room.probe.asked.total() - before - 1000
        assert looks <= 20 * 25, "twenty each half minute, however many fail"
        assert down(watch) == []
