"""The command itself: what it lists, what it says of errors, what it exits with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.core.cli.conftest import Change, Terminal
from upheld import __version__
from upheld.cli import main
from upheld.cli.root import COMMANDS


def test_help_lists_every_command_in_the_order_of_work() -> None:
    done = CliRunner().invoke(main, ["--help"])
    _, _, listed = done.output.partition("Commands:\n")
    assert [line.split()[0] for line in listed.splitlines()] == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(name: str) -> None:
    done = CliRunner().invoke(main, [name, "--help"])
    assert done.exit_code == 0
    assert done.output.startswith(f"Usage: upheld {name}")


def test_the_line_in_the_list_is_not_the_only_word_that_is_said() -> None:
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        assert command.help


def test_the_version() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"upheld, version {__version__}\n"


def test_a_misspelt_command_gets_the_nearest() -> None:
    done = CliRunner().invoke(main, ["case", "list"])
    assert done.exit_code == 2
    assert 'did you mean "cases"?' in done.output


def test_a_wrong_file_exits_with_3_and_tells_the_line(upheld: Terminal, edit: Change) -> None:
    edit("people:", "peple:")
    done = upheld("cases", "list", exits=3)
    assert f"{upheld.config}:10:1" in done.stderr
    assert 'did you mean "people"?' in done.stderr
    assert "Traceback" not in done.stderr


def test_a_refusal_exits_with_4(upheld: Terminal) -> None:
    case = upheld.case()
    upheld("cases", "triage", case, "2", "--as", "bo")
    done = upheld("cases", "triage", case, "1", "--as", "bo", exits=4)
    assert "triaged already" in done.stderr
    assert f"upheld cases severity {case} 1" in done.stderr


def test_what_is_not_there_exits_with_5(upheld: Terminal) -> None:
    assert "there is no case C7" in upheld("cases", "show", "C7", exits=5).stderr


def test_a_ledger_that_cannot_commit_exits_with_6(upheld: Terminal, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "upheld.db").write_bytes(b"no database at all, but a text of some length")
    assert "upheld.db" in upheld("cases", "list", exits=6).stderr


def test_debug_shows_where_an_error_was_raised(upheld: Terminal) -> None:
    done = CliRunner().invoke(main, ["-c", str(upheld.config), "--debug", "cases", "show", "C7"])
    assert type(done.exception).__name__ == "NotFound"


def test_whoever_acts_is_named(upheld: Terminal) -> None:
    case = upheld.case()
    assert "who are you?" in upheld("cases", "work", case, exits=4).stderr
    assert (
        "there is nobody called 'cy'" in upheld("cases", "work", case, "--as", "cy", exits=4).stderr
    )
    upheld("cases", "work", case, "--as", "bo@magnolia.example")
    assert upheld.json("cases", "show", case)["events"][-1]["actor"] == "bo"


def test_the_actor_may_come_from_the_environment(
    upheld: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = upheld.case()
    monkeypatch.setenv("UPHELD_ACTOR", "ann")
    upheld("cases", "work", case)
    assert upheld.json("cases", "show", case)["events"][-1]["actor"] == "ann"


def test_without_any_file_it_lives_on_the_embedded_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    words = ["cases", "open", "Nobody can connect", "--from", "pat@customer.example"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("C1: Severity 1, open, due ")
    assert (tmp_path / "data" / "upheld" / "upheld.db").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    done = CliRunner().invoke(main, ["completion", shell])
    assert "_UPHELD_COMPLETE" in done.output


def test_python_m_upheld_is_the_same_command() -> None:
    words = [sys.executable, "-m", "upheld", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.endswith(f"version {__version__}\n")
