"""``upheld monitors import``: targets of other systems, as they go into upheld.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.cli.conftest import Change, Terminal
from upheld.config import load_config
from upheld.errors import ConfigError, Refusal
from upheld.source import parse

CSV = """name,url,customer,after
acme/www,https://www.acme.example/health,acme,router
router,192.0.2.1:443,,
,no.acme.example:5432,acme,
"""
BLOCK = """monitors:
  acme/www: {probe: http, url: https://www.acme.example/health, customer: acme, after: [router]}
  router: {probe: tcp, host: 192.0.2.1, port: 443}
  acme/no.acme.example:5432: {probe: tcp, host: no.acme.example, port: 5432, customer: acme}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "targets.csv"
    path.write_text(CSV, "utf-8")
    return path


def test_it_prints_a_line_a_monitor_and_counts_beside(upheld: Terminal, file: Path) -> None:
    done = upheld("monitors", "import", str(file))
    assert done.stdout == BLOCK
    assert done.stderr == "targets.csv: 3 targets\n"


def test_what_is_printed_is_what_upheld_yaml_reads(upheld: Terminal, file: Path) -> None:
    printed = upheld("monitors", "import", str(file)).stdout
    upheld.config.write_text(upheld.config.read_text("utf-8") + printed, "utf-8")
    listed = upheld.json("monitors", "list")
    assert [each["name"] for each in listed] == ["acme/no.acme.example:5432", "acme/www", "router"]


def test_a_preview_shows_what_each_would_be(upheld: Terminal, file: Path) -> None:
    shown = upheld("monitors", "import", str(file), "--preview").stdout.splitlines()
    assert shown[0].split() == ["monitor", "customer", "kind", "probe", "asks", "line"]
    assert shown[2].split() == ["router", "-", "servers", "tcp", "192.0.2.1:443", "3"]


def test_what_is_watched_by_that_name_is_left_out(
    upheld: Terminal, file: Path, edit: Change
) -> None:
    edit("\ncustomers:", "\nmonitors: {router: {probe: tcp, host: 192.0.2.9, port: 1}}\ncustomers:")
    done = upheld("monitors", "import", str(file))
    assert "router: " not in done.stdout
    assert "3 targets, 1 of them watched already by that name: left out" in done.stderr
    found = upheld.json("monitors", "import", str(file))
    assert (list(found["monitors"]), found["left_out"]) == (
        ["acme/www", "acme/no.acme.example:5432"], 1,
    )  # fmt: skip


def test_it_is_written_to_a_file_of_its_own(upheld: Terminal, file: Path, tmp_path: Path) -> None:
    new = tmp_path / "monitors.yaml"
    done = upheld("monitors", "import", str(file), "--write", str(new))
    assert (done.stdout, new.read_text("utf-8")) == ("", BLOCK)
    assert f"written to {new}, see `upheld check`" in done.stderr


def test_it_is_written_behind_what_upheld_yaml_says_and_never_twice(
    upheld: Terminal, file: Path
) -> None:
    before = upheld.config.read_text("utf-8")
    words = ("monitors", "import", str(file), "--write", str(upheld.config))
    upheld(*words)
    assert upheld.config.read_text("utf-8") == before + BLOCK
    assert set(load_config(upheld.config).monitors) == set(parse(BLOCK, "b").data["monitors"])
    done = upheld(*words, exits=Refusal.exit_code)
    assert "`monitors` stands there already" in done.stderr
    assert upheld.config.read_text("utf-8") == before + BLOCK


def test_what_would_make_a_file_unreadable_is_not_written(
    upheld: Terminal, file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "notes.yaml"
    other.write_text("colour: red\n", "utf-8")
    words = ("monitors", "import", str(file), "--write", str(other))
    upheld(*words, exits=ConfigError.exit_code)
    assert other.read_text("utf-8") == "colour: red\n"


def test_all_that_does_not_fit_is_told_with_its_line_and_nothing_is_written(
    upheld: Terminal, file: Path, tmp_path: Path
) -> None:
    file.write_text(
        "name,url,customer,colour,probe\n"
        "a,https://a.example,acmee,,\n"
        "b,https://b.example,acme,red,\n"
        "c,c.example:25,acme,,email\n"
        "d,d.example:25,acme,,nothing\n",
        "utf-8",
    )
    new = tmp_path / "monitors.yaml"
    words = ("monitors", "import", str(file), "--write", str(new))
    told = upheld(*words, exits=ConfigError.exit_code).stderr
    for line in (
        "targets.csv:2: a: no customer 'acmee'",
        'did you mean "acme"?',
        "targets.csv:3: monitors.b.colour: there is no such key",
        "targets.csv:4: c: 'email' is no probe",
        "targets.csv:5: plugin 'nothing' is not installed",
    ):
        assert line in told
    assert not new.exists()


def test_whose_and_what_kind_where_the_file_does_not_say(upheld: Terminal, tmp_path: Path) -> None:
    sd = tmp_path / "sd.json"
    sd.write_text('[{"targets": ["a.example:1", "b.example:2"], "labels": {"of": "lines"}}]')
    words = ("monitors", "import", str(sd), "--customer", "acme", "--of", "servers")
    assert upheld.json(*words)["monitors"] == {
        "acme/a.example:1": {
            "customer": "acme", "of": "lines", "probe": "tcp", "host": "a.example", "port": 1,
        },
        "acme/b.example:2": {
            "customer": "acme", "of": "lines", "probe": "tcp", "host": "b.example", "port": 2,
        },
    }  # fmt: skip


def test_a_file_in_another_encoding_is_told(upheld: Terminal, file: Path) -> None:
    file.write_bytes("url\nhttps://ü.example\n".encode("latin-1"))
    assert "UTF-8" in upheld("monitors", "import", str(file), exits=ConfigError.exit_code).stderr
