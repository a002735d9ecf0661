"""Messages on stderr and in files, also when nobody reads or nothing fits."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from upheld.plugin import (
    Ability,
    Address,
    Channel,
    Delivery,
    Level,
    Misconfigured,
    Outgoing,
    Permanent,
    Receipt,
    Retry,
    Urgency,
    Withdrawal,
)
from upheld.testing import ScratchContext, SteppedClock, make_context
from upheld_terminal.adapter import Terminal
from upheld_terminal.config import TerminalConfig

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ANN = Address(Channel.PAGE, "PANN001", "Ann Reyes")
MESSAGE = Outgoing("page-7", "M-2041: mail is down", "Since noon.", Urgency.HIGH)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOON)


@pytest.fixture
def context(tmp_path: Path, clock: SteppedClock) -> Iterator[ScratchContext]:
    with make_context(tmp_path, clock.as_datetime, "screen") as context:
        yield context


def terminal(context: ScratchContext, **values: Any) -> Terminal:
    return Terminal(TerminalConfig.model_validate(values), context)


def send(terminal: Terminal, message: Outgoing = MESSAGE) -> Receipt:
    return terminal.send(message, ANN, "send:7")


# --- writing --------------------------------------------------------------------------------------


def test_a_message_appears_on_stderr(
    context: ScratchContext, capsys: pytest.CaptureFixture[str]
) -> None:
    send(terminal(context))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "+--- PAGE (urgent) to Ann Reyes <PANN001> at 2026-12-01 12:00:00Z" in shown.err


def test_the_receipt_claims_no_more_than_is_known(context: ScratchContext) -> None:
    receipt = send(terminal(context, to="out.txt"))
    assert receipt == Receipt("send:7", None, Delivery.ACCEPTED, NOON, detail="written to out.txt")


def test_what_is_urgent_rings(context: ScratchContext, capsys: pytest.CaptureFixture[str]) -> None:
    send(terminal(context))
    send(terminal(context), replace(MESSAGE, urgency=Urgency.LOW))
    assert capsys.readouterr().err.count("\a") == 1


def test_the_bell_can_be_turned_off(
    context: ScratchContext, capsys: pytest.CaptureFixture[str]
) -> None:
    send(terminal(context, bell=False))
    assert "\a" not in capsys.readouterr().err


def test_a_file_is_written_at_its_end_without_a_bell(
    context: ScratchContext, tmp_path: Path, clock: SteppedClock
) -> None:
    shown = terminal(context, to="out.txt")
    send(shown)
    clock.forward(minutes=5)
    send(shown)
    text = tmp_path.joinpath("out.txt").read_text()
    assert text.index("12:00:00Z") < text.index("12:05:00Z")
    assert "\a" not in text


def test_a_path_from_the_root_is_taken_as_it_is(context: ScratchContext, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.txt"
    send(terminal(context, to=str(path)))
    assert "M-2041" in path.read_text()


def test_the_same_key_is_shown_twice_so_it_does_not_declare_repeat(
    context: ScratchContext, tmp_path: Path
) -> None:
    shown = terminal(context, to="out.txt")
    send(shown)
    send(shown)
    assert tmp_path.joinpath("out.txt").read_text().count("M-2041") == 2
    assert Terminal.abilities == {Ability.LOCAL}


def test_every_channel_is_served() -> None:
    assert Terminal.channels == set(Channel)


def test_characters_that_no_encoding_has_are_shown_somehow(
    context: ScratchContext, tmp_path: Path
) -> None:
    send(terminal(context, to="out.txt"), replace(MESSAGE, text="Grüße \ud800 東京"))
    assert "Grüße" in tmp_path.joinpath("out.txt").read_text(encoding="utf-8")


def test_a_page_can_not_be_taken_back(context: ScratchContext) -> None:
    with pytest.raises(Permanent, match="can't withdraw"):
        terminal(context).withdraw("page-7", Withdrawal.CLOSED, "w1")


# --- what goes wrong ------------------------------------------------------------------------------


class Broken(io.StringIO):
    """A stream that fails when it is flushed."""

    def __init__(self, error: int) -> None:
        super().__init__()
        self.error = error

    def flush(self) -> None:
        raise OSError(self.error, os.strerror(self.error))


@pytest.mark.parametrize("error", [errno.EPIPE, errno.ENOSPC, errno.EIO])
def test_a_stream_that_fails_is_tried_again(
    context: ScratchContext, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    monkeypatch.setattr(sys, "stderr", Broken(error))
    with pytest.raises(Retry, match="can't write to stderr"):
        send(terminal(context))


def test_a_real_broken_pipe_is_tried_again(
    context: ScratchContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    stream = os.fdopen(write_end, "w")
    monkeypatch.setattr(sys, "stderr", stream)
    with pytest.raises(Retry, match="Broken pipe"):
        send(terminal(context))
    with pytest.raises(BrokenPipeError):
        stream.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device of full disks is Linux's")
def test_a_full_disk_is_tried_again(context: ScratchContext) -> None:
    with pytest.raises(Retry, match="No space left"):
        send(terminal(context, to="/dev/full"))


def test_a_closed_stream_is_tried_again(
    context: ScratchContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    with pytest.raises(Retry, match="closed"):
        send(terminal(context))


def test_no_stderr_at_all(context: ScratchContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with pytest.raises(Retry, match="there is no stderr"):
        send(terminal(context))
    (finding,) = terminal(context).check()
    assert finding.level is Level.ERROR


@pytest.mark.parametrize("to", [".", "no/such/folder/out.txt"])
def test_a_path_that_can_not_be_written_is_the_configurations_fault(
    context: ScratchContext, to: str
) -> None:
    with pytest.raises(Misconfigured, match="can't write to"):
        send(terminal(context, to=to))
    (finding,) = terminal(context, to=to).check()
    assert (finding.level, finding.do_next) == (Level.ERROR, "set `to` to a file we may write")


# --- check ----------------------------------------------------------------------------------------


def test_check_writes_nothing(context: ScratchContext, tmp_path: Path) -> None:
    (finding,) = terminal(context, to="out.txt").check()
    assert finding.level is Level.OK
    assert list(tmp_path.iterdir()) == []


def test_check_tells_where_stderr_is_no_terminal(context: ScratchContext) -> None:
    (finding,) = terminal(context).check()
    assert (finding.level, finding.subject) == (Level.WARNING, "screen")


def test_check_is_content_with_a_terminal(
    context: ScratchContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader, follower = os.openpty()
    with os.fdopen(leader, "rb"), os.fdopen(follower, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        (finding,) = terminal(context).check()
    assert finding.level is Level.OK


# --- configuration --------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [{"to": ""}, {"width": 10}, {"file": "x"}, {"bell": "loud"}])
def test_a_wrong_configuration_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        TerminalConfig.model_validate(wrong)


def test_the_schema_explains_every_key() -> None:
    properties = TerminalConfig.model_json_schema()["properties"]
    assert all(described.get("description") for described in properties.values())


def test_making_one_writes_nothing(context: ScratchContext, tmp_path: Path) -> None:
    terminal(context, to="out.txt").close()
    assert list(tmp_path.iterdir()) == []


def test_it_keeps_nothing_between_messages(context: ScratchContext, tmp_path: Path) -> None:
    shown = terminal(context, to="out.txt")
    send(shown)
    tmp_path.joinpath("out.txt").unlink()
    send(shown)
    assert tmp_path.joinpath("out.txt").read_text().count("M-2041") == 1
