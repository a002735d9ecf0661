"""Rules for what comes in: rows that classify, arrivals, monitors, offers."""

from __future__ import annotations

import pytest

from tests.core.policy.written import refusal, rule
from upheld.policy.model import (
    Classify,
    Condition,
    Intake,
    Monitor,
    Offers,
    Opens,
    Row,
    Test,
)

# --- classify -----------------------------------------------------------------------------------


def test_rows_are_tried_in_their_order() -> None:
    found = rule(
        "classify:\n- {severity: 1, flags: [on_site], when: {words: down}}\n"
        "- {outcome: wish, kind: question, flag: tame, when: {source: mail}}\n"
        "- {severity: 2, otherwise: true}",
        Classify,
    )
    assert found.rows == (
        Row(Condition((Test("words", ("down",)),)), severity=1, flags=("on_site",)),
        Row(Condition((Test("source", ("mail",)),)), outcome="wish", flags=("tame",), kind="question"),
        Row(Condition(), severity=2, otherwise=True),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("[]", "classify: is empty → name at least one, or leave the key out"),
        ("{}", "classify: is empty → write a list of rows"),
        ("[{severity: 1}]", "classify.0: needs either `when` or `otherwise: true`"),
        ("[{severity: 1, when: opened, otherwise: true}]",
         "classify.0: needs either `when` or `otherwise: true`"),
        ("[{severity: 1, otherwise: false}]", "classify.0: needs either `when` or `otherwise: true`"),
        ("[{when: opened}]",
         "classify.0: proposes nothing → it needs one of: severity, outcome, flags, flag, kind"),
        ("[{severity: 4, otherwise: true}]", "C-1: severity: there is no severity 4 → one of: 1, 2"),
        ("[{severity: one, otherwise: true}]", "classify.0.severity: is not a whole number"),
        ("[{sevrity: 1, flag: tame, otherwise: true}]",
         "classify.0.sevrity: there is no such key → did you mean \"severity\"?"),
        ("[down]", "classify.0: is not a mapping → write `key: value` lines"),
    ],
)  # fmt: skip
def test_a_row_says_what_it_proposes_and_when(rows: str, problem: str) -> None:
    assert refusal(f"classify: {rows}") == problem


# --- intake, monitor, offers --------------------------------------------------------------------


def test_what_arrives_may_be_told_by_its_nature() -> None:
    found = rule("intake: {from: unknown, nature: [bounce, list], do: [refer: reminder]}", Intake)
    assert found.nature == ("bounce", "list")


@pytest.mark.parametrize(
    ("inside", "problem"),
    [
        ("{from: partner}", "intake: `intake` needs `do`"),
        ("{do: [open: case]}", "intake: `intake` needs `from`"),
        ("{from: partners, do: [open: case]}",
         "intake.from: 'partners' is not known → did you mean \"partner\"?"),
        ("{from: partner, nature: post, do: [open: case]}",
         "intake.nature: 'post' is not known → one of: automatic, bounce, list, normal"),
    ],
)  # fmt: skip
def test_an_arrival_says_from_whom_and_what_to_do(inside: str, problem: str) -> None:
    assert refusal(f"intake: {inside}") == problem


def test_a_monitor_is_read_as_it_is_written() -> None:
    text = "{of: servers, every: 15 minutes, requests: 10, opens: {severity: 1, flag: on_site}, notify: lead}"
    read = rule(f"monitor: {text}", Monitor)
    assert (read.of, read.requests, read.opens) == (("servers",), 10, Opens(1, ("on_site",)))


@pytest.mark.parametrize(
    ("inside", "problem"),
    [
        ("{every: 15 minutes}", "monitor: `monitor` needs `of`, or `window`"),
        ("{of: servers, every: 15}",
         "monitor.every: is no duration → write `24 hours` or `4 business hours`"),
        ("{of: servers, spaced: 1 day}",
         "monitor.spaced: a bare '1 day' may mean either: write `24 hours` or `1 business day`"),
        ("{of: servers, requests: 0}", "monitor.requests: is not between 1 and 1000"),
        ("{of: servers, requests: ten}", "monitor.requests: is not a whole number"),
        ("{of: servers, evry: 1 hour}", "monitor.evry: there is no such key → did you mean \"every\"?"),
        ("{of: servers, opens: {flg: on_site}}",
         "monitor.opens.flg: there is no such key → did you mean \"flag\"?"),
        ("{of: servers, opens: {severity: 4}}", "C-1: severity: there is no severity 4 → one of: 1, 2"),
        ("{of: servers, opens: {flag: onsite}}",
         "C-1: flag: there is no flag 'onsite' → did you mean \"on_site\"?"),
        ("{of: servers, notify: [lead, dsk]}",
         "C-1: notify: there is no role 'dsk' → did you mean \"desk\"?"),
        ("{window: {anounce: 3 days ahead}}",
         "monitor.window.anounce: there is no such key → did you mean \"announce\"?"),
    ],
)  # fmt: skip
def test_a_monitor_is_read_although_nothing_runs_it_yet(inside: str, problem: str) -> None:
    assert refusal(f"monitor: {inside}") == problem


def test_offers_are_a_list() -> None:
    assert rule("offers: [enter, follow]", Offers).offers == ("enter", "follow")
    assert "offers: is empty" in refusal("offers: []")
