"""A plugin that raises, hangs, answers rubbish or tells its secret: the daemon goes on, and the secret
is nowhere: not in the log, not in the database, not in a dead letter, a finding or on a screen."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, Field, SecretStr

from upheld.calendar.instant import SECOND
from upheld.daemon.checks import _tried
from upheld.plugin import Auth, Finding, Level, Permanent, Retry, Unknown
from upheld.registry import Registry
from upheld.testing import SteppedClock
from upheld.testing.kit.bench import ANN, DESK, Bench
from upheld.testing.kit.contract import NOON
from upheld_builtin.adapter import Builtin
from upheld_builtin.config import BuiltinConfig

CANARY = "canary-5ecret-c0ffee"
CALLS = ("pull", "fetch", "find", "create", "update", "comment", "check")


class LeakyConfig(BuiltinConfig):
    token: SecretStr = Field(description="what nobody may ever see")


class Leaky(Builtin):
    """The built-in tracker until it is told to misbehave; then every call of some names does."""

    name = "leaky"
    Config: ClassVar[type[BaseModel]] = LeakyConfig  # type: ignore[assignment]
    misbehaves: ClassVar[Callable[[], object] | None] = None

    def __getattribute__(self, name: str) -> Any:
        wrong = type(self).misbehaves
        if name in CALLS and wrong is not None:
            return lambda *_arguments: wrong()
        return super().__getattribute__(name)


def raises(error: Callable[[str], Exception]) -> Callable[[], object]:
    def wrong() -> object:
        raise error(f"401 for https://desk.example/?token={CANARY}") from ValueError(CANARY)

    return wrong


class Rubbish:
    """Answers every question, and never what was asked."""

    def __repr__(self) -> str:
        return f"<Rubbish {CANARY}>"

    def __str__(self) -> str:
        return CANARY


def hangs() -> object:
    return threading.Event().wait(2)


WRONG: dict[str, Callable[[], object]] = {
    "raises": raises(RuntimeError),
    "permanent": raises(Permanent),
    "retry": raises(Retry),
    "unknown": raises(Unknown),
    "auth": raises(Auth),
    "hangs": hangs,
    "nothing": lambda: None,
    "text": lambda: CANARY,
    "rubbish": Rubbish,
    "exit": raises(SystemExit),  # type: ignore[arg-type]
}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    named = Registry.plugin
    monkeypatch.setattr(
        Registry, "plugin", lambda self, name: Leaky if name == "leaky" else named(self, name)
    )
    for module in ("upheld.daemon.pulls", "upheld.dispatch.sender"):
        monkeypatch.setattr(f"{module}.HARD_STOP", SECOND // 10)
    monkeypatch.setattr("upheld.daemon.loops._LOOK", 0.001)
    clock = SteppedClock(NOON)
    with Bench(tmp_path / "site", clock, Leaky, {"token": CANARY}) as bench:
        bench.cycle()
        yield bench
        monkeypatch.setattr(Leaky, "misbehaves", None)


def turn(bench: Bench) -> None:
    """One turn of every loop, contained as in a daemon that runs."""
    daemon = bench.daemon
    bench.clock.forward(seconds=10)
    for puller in daemon.pullers:
        daemon._contained(f"pull-{puller.source.name}", puller.pull)
    for name, step in (("sweep", daemon._sweep), ("dispatch", daemon._dispatch)):
        for _ in range(5):
            daemon._contained(name, step)
    daemon._contained("audit", daemon._audit)


def everything(bench: Bench, capsys: pytest.CaptureFixture[str]) -> dict[str, bytes]:
    """All that is left of it: files (the database among them), output, findings, dead letters."""
    said = capsys.readouterr()
    found = {str(each): each.read_bytes() for each in bench.folder.rglob("*") if each.is_file()}
    found["output"] = f"{said.out}{said.err}".encode()
    found["findings"] = repr(bench.daemon.findings).encode()
    found["deliveries"] = repr(bench.deliveries()).encode()
    found["lives"] = repr([(live, live.stopped) for live in bench.daemon.lives]).encode()
    return found


@pytest.mark.parametrize("wrong", WRONG)
def test_the_daemon_goes_on_and_the_secret_is_nowhere(
    bench: Bench,
    wrong: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    linked = bench.open("Before.")
    bench.cycle(2)
    assert bench.item(linked) is not None
    monkeypatch.setattr(Leaky, "misbehaves", staticmethod(WRONG[wrong]))
    bench.site.verbs.note(linked, ANN, "a note")
    bench.site.verbs.severity(linked, ANN, 1)
    bench.open("While it misbehaves.")
    for _ in range(3):
        turn(bench)
    assert "While it misbehaves." in bench.screen(), "people are told all the same"
    left = everything(bench, capsys)
    assert [where for where, content in left.items() if CANARY.encode() in content] == []


def test_the_canary_would_be_found(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    case = bench.open("Before.")
    bench.site.verbs.note(case, ANN, CANARY)
    sys.stdout.write(CANARY)
    bench.cycle(2)
    where = [
        name for name, content in everything(bench, capsys).items() if CANARY.encode() in content
    ]
    assert any("sqlite" in name or name.endswith(".db") for name in where)
    assert "output" in where


def test_the_connection_works_again_once_it_behaves(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Leaky, "misbehaves", staticmethod(WRONG["raises"]))
    bench.open("While it misbehaves.")
    turn(bench)
    monkeypatch.setattr(Leaky, "misbehaves", None)
    case = bench.open("When it behaves again.")
    bench.cycle(2)
    assert bench.item(case) is not None


def test_what_check_finds_is_told_without_the_secret(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaking = [Finding(Level.ERROR, "desk", f"refuses {CANARY}", f"change {CANARY}")]
    monkeypatch.setattr(Leaky, "misbehaves", staticmethod(lambda: leaking))
    (live,) = [each for each in bench.daemon.lives if each.name == DESK]
    assert CANARY not in repr(_tried(live))
    assert "refuses …" in repr(_tried(live))
