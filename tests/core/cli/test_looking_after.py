"""Running it, and looking after it: run, status, check, stop, outbox, dead letters, audit, db."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.core.cli.conftest import Change, Terminal
from upheld.ledger import Fate, Ledger

DESK = "  desk: {plugin: builtin}\n"


def keys(upheld: Terminal, *more: str) -> list[str]:
    return [item["key"] for item in upheld.json("outbox", "list", *more)]


# --- run ------------------------------------------------------------------------------------------


def test_run_once_does_what_is_due_and_ends(upheld: Terminal) -> None:
    upheld.case("Nobody can connect")
    greeting = upheld("run", "--once").stderr
    assert "in live mode" in greeting
    assert "PAGE (urgent) to Bo Lindt" in upheld.paper
    assert keys(upheld) == []


def test_run_once_exits_with_1_where_the_audit_finds_something(
    upheld: Terminal, edit: Change
) -> None:
    edit("to: paper.txt", "to: /nowhere/paper.txt")
    upheld.case("Nobody can connect")
    assert "dead letters" in upheld("run", "--once", exits=1).stderr


def test_shadow_says_so_and_how_to_go_live(upheld: Terminal, edit: Change) -> None:
    edit("mode: live, live_for: [all]", "mode: shadow")
    greeting = upheld("run", "--once").stderr
    assert "Nothing leaves this machine" in greeting
    assert "go_live: {mode: live" in greeting


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_daemon_ends_in_order_when_it_is_told_to(upheld: Terminal, number: int) -> None:
    words = [sys.executable, "-m", "upheld", "-c", str(upheld.config), "run", "--json-logs"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as daemon:
        assert daemon.stderr is not None
        events = [json.loads(daemon.stderr.readline())["event"]]
        os.kill(daemon.pid, number)
        events += [json.loads(line)["event"] for line in daemon.stderr]
        assert daemon.wait(30) == 0
    assert (events[0], events[-1]) == ("started", "stopped")


def test_the_door_is_open_while_it_runs(upheld: Terminal, edit: Change) -> None:
    edit("site: test", "site: test\nweb: {listen: '127.0.0.1:0'}")
    words = [sys.executable, "-m", "upheld", "-c", str(upheld.config), "run", "--json-logs"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as daemon:
        assert daemon.stderr is not None
        lines = (json.loads(line) for line in daemon.stderr)
        port = next(line["port"] for line in lines if line["event"] == "door_open")
        page = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10)
        os.kill(daemon.pid, signal.SIGTERM)
        assert daemon.wait(30) == 0
    assert 'site="test"' in page.text


def test_a_door_that_is_taken_is_told_before_anything_runs(upheld: Terminal, edit: Change) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        edit("site: test", f"site: test\nweb: {{listen: '127.0.0.1:{port}'}}")
        assert "somebody listens there already" in upheld("run", exits=3).stderr


# --- status, check --------------------------------------------------------------------------------


def test_status_tells_what_waits_and_what_is_wrong(upheld: Terminal, edit: Change) -> None:
    edit("to: paper.txt", "to: /nowhere/paper.txt")
    upheld.case("Nobody can connect")
    assert upheld.json("status")["waiting"] == 3
    upheld("run", "--once", exits=1)
    found = upheld.json("status", exits=1)
    assert (found["mode"], found["open"], found["dead_letters"]) == ("live", 1, 3)
    assert found["monitors"] == {}
    # The operator hears over the same paper, so of this too nobody could be told.
    assert [each["about"] for each in found["findings"]] == ["outbox", "operator"]
    assert "dead letters" in upheld("status", exits=1).stdout


def test_check_says_what_would_not_work(upheld: Terminal, edit: Change) -> None:
    assert "Everything would work." in upheld("check").stdout
    edit("to: paper.txt", "to: /nowhere/paper.txt")
    edit("  vp-operations: ann\n", "")
    found = upheld.json("check", exits=3)
    wrong = {each["about"]: each["what"] for each in found if each["level"] == "error"}
    assert wrong.keys() == {"paper", "roles"}
    assert wrong["roles"].startswith("M-14 tells vp-operations, and at ")


def test_check_changes_nothing(upheld: Terminal) -> None:
    upheld("check")
    assert [path.name for path in upheld.folder.iterdir()] == ["upheld.yaml"]


def test_check_reads_what_the_policy_needs(upheld: Terminal, edit: Change) -> None:
    edit("troubleshooting: https://magnolia.example/help, ", "")
    edit('      phone: "+12025550111"\n', "")
    edit("[{voice: paper}]", "[{sms: paper}]")
    edit("  operator: ann\n", "")
    subjects = {each["about"] for each in upheld.json("check") if each["level"] == "warning"}
    assert subjects >= {"links", "roles", "policy"}


def test_check_tells_of_a_ledger_that_is_anothers(upheld: Terminal, edit: Change) -> None:
    upheld.case()
    edit("site: test", "site: copy")
    found = upheld.json("check", exits=3)
    (wrong,) = [each for each in found if each["level"] == "error"]
    assert "belongs to site 'test'" in wrong["what"]


# --- stop, resume, outbox -------------------------------------------------------------------------


def test_stopped_nothing_goes_out_until_it_is_resumed(upheld: Terminal) -> None:
    assert "held since" in upheld("stop", "the pager went wild", "--as", "ann").stdout
    upheld.case("Nobody can connect")
    upheld("run", "--once")
    assert upheld.paper == ""
    assert upheld.json("status")["stopped"]["reason"] == "the pager went wild"
    assert upheld.json("resume", "--as", "ann") == {"resumed": True, "waiting": 3}
    upheld("run", "--once")
    assert "PAGE (urgent)" in upheld.paper
    assert "Nothing was held." in upheld("resume", "--as", "ann").stdout


def test_what_waits_is_listed_and_can_be_dropped_before_it_goes(upheld: Terminal) -> None:
    upheld("stop", "wait", "--as", "ann")
    upheld.case("Nobody can connect")
    upheld("run", "--once")  # planned, but held
    page = next(key for key in keys(upheld) if "/page/" in key)
    done = upheld.json("outbox", "drop", page, "--reason", "told by hand", "--as", "ann")
    assert done == {"dropped": 1}
    assert page not in keys(upheld)
    upheld("resume", "--as", "ann")
    upheld("run", "--once")
    assert "PAGE" not in upheld.paper
    (item,) = [i for i in upheld.json("outbox", "list", "--sent") if i["key"] == page]
    assert (item["state"], item["reason"]) == ("dropped", "told by hand (ann)")


def test_all_that_waits_can_be_dropped_at_once(upheld: Terminal) -> None:
    upheld.case("Nobody can connect")
    waiting = keys(upheld)
    done = upheld.json("outbox", "drop", "--all", "--reason", "an exercise", "--as", "ann")
    assert done == {"dropped": len(waiting)}
    upheld("run", "--once")
    assert upheld.paper == ""


def test_what_went_out_cannot_be_dropped(upheld: Terminal) -> None:
    upheld.case("Nobody can connect")
    page = next(key for key in keys(upheld) if "/page/" in key)
    upheld("run", "--once")
    words = ("outbox", "drop", page, "--reason", "too late", "--as", "ann")
    assert "nothing was dropped" in upheld(*words, exits=5).stderr
    upheld("outbox", "drop", "--reason", "which?", "--as", "ann", exits=2)
    upheld("outbox", "drop", "C9/nothing", "--reason", "typo", "--as", "ann", exits=5)


def test_shadow_keeps_the_list_of_what_would_have_gone(upheld: Terminal, edit: Change) -> None:
    edit("mode: live, live_for: [all]", "mode: shadow")
    edit("{plugin: terminal, to: paper.txt}", "{plugin: pagerduty, key: {env: PD_KEY}}")
    edit("customers_hear_by: paper\n", "")
    edit("  call: [{voice: paper}]\n  notify: [{mail: paper}]\n", "")
    os.environ["PD_KEY"] = "R" * 32
    try:
        upheld.case("Nobody can connect")
        upheld("run", "--once", exits=0)
        shadow = keys(upheld, "--shadow")
        upheld("outbox", "drop", *shadow, "--reason", "a trial", "--as", "ann")
        assert keys(upheld, "--shadow") == []
        assert upheld.json("status")["shadow"] == 0
        dropped = {each["key"]: each["reason"] for each in upheld.json("outbox", "list", "--sent")}
    finally:
        del os.environ["PD_KEY"]
    assert [key for key in shadow if "/page/" in key] == shadow != []
    assert {key: dropped[key] for key in shadow} == dict.fromkeys(shadow, "a trial (ann)")


# --- dead letters, mail, audit, db, plugins -------------------------------------------------------


def test_dead_letters_are_replayed_or_dropped(upheld: Terminal, edit: Change) -> None:
    edit("to: paper.txt", "to: /nowhere/paper.txt")
    upheld.case("Nobody can connect")
    upheld("run", "--once", exits=1)
    found = {each["recipient"]: each for each in upheld.json("deadletters", "list")}
    # The page that failed went on to the next person, whom the same paper failed.
    page, onward, mail = (found.pop(who) for who in ("bo", "ann", "acme/pat@acme.example"))
    assert (found, onward["purpose"]) == ({}, "page")
    assert "can't write" in page["why"]
    edit("to: /nowhere/paper.txt", "to: paper.txt")
    assert (
        "1 to be tried again" in upheld("deadletters", "replay", page["key"], "--as", "ann").stdout
    )
    by_hand = ("--reason", "told by hand", "--as", "ann")
    upheld("deadletters", "drop", onward["key"], *by_hand)
    words = ("deadletters", "drop", mail["key"], *by_hand)
    upheld(*words)
    assert "is no dead letter" in upheld(*words, exits=5).stderr
    upheld("run", "--once")
    assert "PAGE (urgent)" in upheld.paper
    assert "we have your message" not in upheld.paper
    assert "no dead letters" in upheld("deadletters", "list").stdout


def test_what_belongs_to_no_case_is_listed_and_shown(upheld: Terminal) -> None:
    upheld("cases", "list")
    url = f"sqlite:///{upheld.folder / 'data' / 'upheld.db'}"
    with Ledger.open(url, site="test") as ledger, ledger.transaction() as tx:
        raw = b"Subject: out \x1b[31mof office\r\n\r\nback soon"
        tx.quarantine("mailbox", "m1", "automatic mail", raw, 0, sender="x@y.example", title="out")
    (kept,) = upheld.json("mail", "quarantine", "list")
    assert (kept["fate"], kept["reason"]) == (Fate.REFUSED, "automatic mail")
    assert "x@y.example" in upheld("mail", "quarantine", "list", "--fate", "refused").stdout
    assert upheld.json("mail", "quarantine", "list", "--fate", "referred") == []
    assert (
        upheld("mail", "quarantine", "show", "1").stdout
        == "Subject: out [31mof office\n\nback soon\n"
    )
    assert upheld("mail", "quarantine", "show", "1", "--raw").stdout_bytes == raw
    upheld("mail", "quarantine", "show", "2", exits=5)


def test_an_edited_event_is_found(upheld: Terminal) -> None:
    case = upheld.case()
    assert "Every chain holds" in upheld("audit", "verify").stdout
    with closing(sqlite3.connect(upheld.folder / "data" / "upheld.db")) as database:
        database.execute("UPDATE payload SET bytes = ? WHERE seq = 1", (b"{}",))
        database.commit()
    found = upheld.json("audit", "verify", exits=1)
    assert found["holds"] is False
    assert found["faults"] == [{"case": case, "event": 1, "what": "the payload was edited"}]
    assert "the payload was edited" in upheld("audit", "verify", case, exits=1).stdout


def test_the_database_is_made_or_upgraded_by_name(upheld: Terminal) -> None:
    assert "A new ledger was made." in upheld("db", "upgrade").stdout
    assert "up to date" in upheld("db", "upgrade").stdout


def test_plugins_are_listed_with_what_they_can(upheld: Terminal) -> None:
    found = {each["name"]: each for each in upheld.json("plugins", "list")}
    assert found["builtin"]["kind"] == "tracker"
    assert "withdraw" in found["pagerduty"]["can"]
    assert "builtin" in upheld("plugins", "list").stdout


def test_a_relative_path_is_found_from_the_folder_of_the_file(
    upheld: Terminal, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere: Path = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    upheld.case()
    assert (upheld.folder / "data" / "upheld.db").exists()
    assert list(elsewhere.iterdir()) == []
