"""Whatever goes wrong is told: what, where, what to do next; never a traceback."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.core.cli.conftest import Terminal
from upheld.cli import main
from upheld.cli.demands import DEMANDS
from upheld.cli.verbs import VERBS
from upheld.daemon.site import Site

SECRET = "pa55-canary"


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> type[Site]:
    """A site that can't be opened; the exception's words hold a secret."""

    def opened(_path: Path | None) -> Site:
        raise ValueError(SECRET)

    monkeypatch.setattr(Site, "open", opened)
    return Site


@pytest.mark.usefixtures("raising")
def test_a_fault_of_ours_tells_its_kind_and_place_but_not_its_words() -> None:
    done = CliRunner().invoke(main, ["cases", "list"])
    assert done.exit_code == 1
    assert "ValueError, raised in opened (test_told.py:" in done.stderr
    assert "upheld --debug" in done.stderr
    assert SECRET not in done.output


@pytest.mark.usefixtures("raising")
def test_debug_throws_it() -> None:
    assert isinstance(CliRunner().invoke(main, ["--debug", "cases", "list"]).exception, ValueError)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, click.Abort])
def test_an_interruption_exits_with_130(
    upheld: Terminal, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    def opened(_path: Path | None) -> Site:
        raise interruption

    monkeypatch.setattr(Site, "open", opened)
    assert "interrupted" in upheld("cases", "list", exits=130).stderr


def test_words_in_another_encoding_are_refused_before_anything_is_done(upheld: Terminal) -> None:
    done = upheld("cases", "open", "caf\udce9", "--from", "pat@acme.example", exits=2)
    assert r"'caf\udce9' is not in UTF-8" in done.stderr
    assert upheld.json("cases", "list") == []


def test_standard_input_in_another_encoding_is_refused(upheld: Terminal) -> None:
    case = upheld.case()
    done = CliRunner().invoke(
        main, ["-c", str(upheld.config), "cases", "note", case, "-", "--as", "bo"], input=b"caf\xe9"
    )
    assert (done.exit_code, "not in UTF-8" in done.stderr) == (4, True)
    assert "noted" not in upheld.kinds(case)


def test_a_file_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["init", "--yes", "--path", "nowhere/upheld.yaml"])
    assert done.exit_code == 4
    assert "nowhere/upheld.yaml can't be written: No such file" in done.stderr
    assert "--path" in done.stderr


def test_a_hold_that_is_over_already_is_refused(upheld: Terminal) -> None:
    case = upheld.case()
    words = ("cases", "hold", case, "a part", "--until", "2020-01-01", "--as", "bo")
    assert "over already" in upheld(*words, exits=4).stderr
    assert "held" not in upheld.kinds(case)


def test_nobody_is_escalated_to_who_is_not_there(upheld: Terminal) -> None:
    case = upheld.case()
    words = ("cases", "escalate", case, "vp-operation", "they insist", "--as", "bo")
    assert 'did you mean "vp-operations"?' in upheld(*words, exits=5).stderr
    upheld("cases", "escalate", case, "technical-support", "they insist", "--as", "bo")
    assert "escalated" in upheld.kinds(case)


def test_nothing_is_held_without_a_reason(upheld: Terminal) -> None:
    assert "no reason" in upheld("stop", " ", "--as", "bo", exits=4).stderr
    assert "Nothing was held." in upheld("resume", "--as", "bo").stdout


def test_a_duration_in_a_report_reaches_back(upheld: Terminal) -> None:
    upheld("run", "--once")
    upheld.case()
    upheld("run", "--once")
    kept = {
        edge: upheld.json("report", "M-02", edge, "1 day")[0]["kept"]
        for edge in ("--since", "--until")
    }
    assert kept == {"--since": 1, "--until": 0}


def test_the_verbs_are_listed_in_the_order_of_a_cases_life_and_whole() -> None:
    listed = CliRunner().invoke(main, ["cases", "--help"]).output.partition("Commands:\n")[2]
    names = [line.split()[0] for line in listed.splitlines() if line[2:3].strip()]
    assert names == ["list", "show", "open", "fixed", *(verb.name for verb in (*VERBS, *DEMANDS))]
    assert "..." not in listed


def test_what_was_said_is_shown_without_our_own_field_names(upheld: Terminal) -> None:
    case = upheld.case("One server is slow")
    upheld("cases", "reply", case, "We look into it.", "--as", "bo")
    shown = upheld("cases", "show", case).stdout
    assert "One server is slow:" not in shown
    assert "  We look into it." in shown
    assert "send True" not in shown
