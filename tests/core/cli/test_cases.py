"""``upheld cases``: entering, listing, showing, and every verb."""

from __future__ import annotations

from time import monotonic

import pytest

from tests.core.cli.conftest import Terminal
from upheld.cli.demands import DEMANDS
from upheld.cli.verbs import VERBS

#: Each verb with its words after the case, and the kind of event that it leaves.
DONE = {
    "triage": (("2", "--number", "77"), "triaged"),
    "severity": (("3", "--reason", "one office"), "severity_set"),
    "flag": (("customer_system",), "flagged"),
    "restate": (("--title", "Two servers are slow"), "restated"),
    "assign": (("bo",), "assigned"),
    "queue": (("technical-support",), "queued"),
    "work": ((), "worked"),
    "reply": (("We look into it.",), "public_reply"),
    "note": (("Look at the router.",), "noted"),
    "call": (("spoke with Pat", "--to", "Pat"), "call_logged"),
    "mobilise": (("--reason", "all hands"), "mobilised"),
    "wait": (("customer",), "waiting_on"),
    "hold": (("until the part is there", "--until", "3 days"), "held"),
    "provide": (("waiver", "signed"), "provided"),
    "resolve": (("replaced it", "--how", "workaround"), "resolved"),
    "escalate": (("vp-operations", "they insist"), "escalated"),
    "confirm": (("Pat said so",), "provided"),
    "access": (("to look at the disk",), "provided"),
    "take-in": ((), "enforced"),
}


@pytest.mark.parametrize("verb", DONE)
def test_a_verb_leaves_one_fact_in_the_name_of_who_did_it(upheld: Terminal, verb: str) -> None:
    words, kind = DONE[verb]
    case = upheld.case()
    upheld("cases", verb, case, *words, "--as", "bo")
    facts = [
        event
        for event in upheld.json("cases", "show", case)["events"]
        if event["origin"] == "fact" and event["kind"] not in {"opened", "proposed"}
    ]
    assert [(fact["kind"], fact["actor"], fact["side"]) for fact in facts] == [
        (kind, "bo", "staff")
    ]


def test_every_verb_is_tried_here_or_below() -> None:
    below = {"close", "reopen", "attach", "annul", "outcome", "kind"}
    below |= {"release", "detach", "ack", "tick", "refuse", "take-back"}
    below |= {"hand-over"}  # test_desks.py
    assert {verb.name for verb in (*VERBS, *DEMANDS)} == DONE.keys() | below


def test_what_has_begun_can_be_ended_and_nothing_else(upheld: Terminal) -> None:
    case, other = upheld.case(), upheld.case("how do I print")
    for verb in ("release", "detach", "ack"):
        assert "nothing to" in upheld("cases", verb, case, "--as", "bo", exits=4).stderr
    assert "nothing to end" in upheld("cases", "take-back", case, "x", "--as", "bo", exits=4).stderr
    upheld("cases", "hold", case, "agreed", "--as", "bo")
    upheld("cases", "attach", other, case, "--as", "bo")
    upheld("cases", "escalate", case, "ann", "slow", "--by", "customer", "--as", "bo")
    upheld("cases", "release", case, "--as", "bo")
    upheld("cases", "detach", other, "--as", "bo")
    upheld("cases", "take-back", case, "she called them", "--as", "bo")
    assert upheld.kinds(case)[-1] == "taken_back"


def test_a_page_that_rings_is_answered(upheld: Terminal) -> None:
    case = upheld.case("Nobody can connect")
    upheld("cases", "ack", case, "--as", "bo")
    assert upheld.kinds(case)[-1] == "page_acknowledged"


def test_a_refusal_opens_the_case_again_and_a_step_is_one_of_the_policys(upheld: Terminal) -> None:
    case = upheld.case()
    assert "not resolved" in upheld("cases", "refuse", case, "x", "--as", "bo", exits=4).stderr
    upheld("cases", "resolve", case, "rebooted", "--as", "bo")
    upheld("cases", "refuse", case, "still slow", "--as", "bo")
    assert upheld.json("cases", "list")[0]["status"] == "open"
    assert "it asks for" in upheld("cases", "tick", case, "logs", "--as", "bo", exits=4).stderr
    upheld("cases", "tick", case, "cause", "hardware", "--as", "bo")


def test_a_case_is_entered_for_the_customer_of_whoever_called(upheld: Terminal) -> None:
    case = upheld.case("Nobody can connect", "--text", "since nine", "--product", "Mailer")
    opened = upheld.json("cases", "show", case)["events"][0]
    assert (opened["source"], opened["customer"], opened["reporter"]) == (
        "phone",
        "acme",
        "pat@acme.example",
    )
    assert (opened["text"], opened["product"], opened["create_on"]) == (
        "since nine",
        "Mailer",
        "desk",
    )


def test_a_text_may_come_from_standard_input(upheld: Terminal) -> None:
    words = ("cases", "open", "Slow", "--from", "pat@acme.example", "--text", "-", "--as", "bo")
    upheld(*words, stdin="line one\nline two\n")
    assert upheld.json("cases", "show", "C1")["events"][0]["text"] == "line one\nline two\n"


def test_a_caller_who_is_no_customers_must_be_told_apart(upheld: Terminal) -> None:
    words = ("cases", "open", "Slow", "--from", "someone@nowhere.example", "--as", "bo")
    assert "belongs to no customer" in upheld(*words, exits=4).stderr
    assert upheld.json(*words, "--customer", "acme")["customer"] == "acme"
    assert "no customer 'acne'" in upheld(*words, "--customer", "acne", exits=5).stderr


def test_an_unknown_tracker_is_named(upheld: Terminal) -> None:
    words = ("cases", "open", "Slow", "--from", "pat@acme.example", "--on", "dsk", "--as", "bo")
    assert 'did you mean "desk"?' in upheld(*words, exits=5).stderr


def test_the_list_has_the_most_severe_first_and_open_ones_only(upheld: Terminal) -> None:
    low, high = upheld.case("how do I print"), upheld.case("Nobody can connect")
    gone = upheld.case("One server is slow")
    upheld("cases", "triage", gone, "--reject", "false alarm", "--as", "bo")
    assert [case["id"] for case in upheld.json("cases", "list")] == [high, low]
    assert {case["id"] for case in upheld.json("cases", "list", "--all")} == {low, high, gone}
    assert [case["id"] for case in upheld.json("cases", "list", "--status", "closed")] == [gone]
    assert "nonsense" in upheld("cases", "list", "--status", "nonsense", exits=2).stderr
    assert [case["id"] for case in upheld.json("cases", "list", "--severity", "3")] == [low]
    assert upheld.json("cases", "list", "--customer", "nobody") == []
    assert "no such case" in upheld("cases", "list", "--queue", "billing").stdout


def test_the_table_can_be_read_by_people_and_by_grep(upheld: Terminal) -> None:
    upheld.case("Nobody can connect")
    head, line = upheld("cases", "list").stdout.splitlines()
    assert head.split() == [
        "case",
        "number",
        "sev",
        "status",
        "due",
        "warned",
        "assignee",
        "customer",
        "title",
    ]
    assert line.startswith("C1 ")
    assert line.endswith("Nobody can connect")


def test_what_is_past_its_aim_is_marked_and_found(upheld: Terminal) -> None:
    rule = "target: first_response, for: {severity: 3}, within: 4 hours, aim: 1 second"
    clause = f"{{id: M-16, says: Soon., {rule}}}"
    own = f"extends: magnolia\npolicy: Own\ndocument: [{{heading: Own, clauses: [{clause}]}}]\n"
    (upheld.folder / "own.yaml").write_text(own, encoding="utf-8")
    text = upheld.config.read_text(encoding="utf-8")
    upheld.config.write_text(text.replace("policy: magnolia", "policy: own.yaml"), encoding="utf-8")
    upheld.case("One server is slow")
    case = upheld.case("A question of billing")
    deadline = monotonic() + 30
    while upheld.json("status")["warned"] == 0 and monotonic() < deadline:
        upheld("run", "--once")
    assert upheld.json("status")["warned"] == 1
    assert "past their aim  1" in upheld("status").stdout
    (found,) = upheld.json("cases", "list", "--warned")
    assert (found["id"], found["warned"]) == (case, ["first_response"])
    assert [each["warned"] for each in upheld.json("cases", "list")] == [[], ["first_response"]]
    assert "first response" in upheld("cases", "list", "--warned").stdout
    upheld("cases", "reply", case, "Here it is", "--as", "ann")
    assert upheld.json("cases", "list", "--warned") == []
    assert "past their aim" not in upheld("status").stdout


def test_what_a_customer_writes_cannot_drive_the_terminal(upheld: Terminal) -> None:
    upheld.case("red \x1b[31malert\x07 \u202eback\nFrom: me")
    for words in (("cases", "list"), ("cases", "show", "C1")):
        shown = upheld(*words).stdout
        assert "\x1b" not in shown
        assert "\x07" not in shown
        assert "\u202e" not in shown
    assert "red [31malert back From: me" in upheld("cases", "list").stdout


def test_a_case_shows_what_happened_to_it(upheld: Terminal) -> None:
    case = upheld.case("Nobody can connect")
    upheld("cases", "work", case, "--as", "bo")
    shown = upheld("cases", "show", case).stdout
    assert "customer  acme" in shown
    assert "it says 'nobody can connect'" in shown
    assert "M-11" not in shown
    assert shown.splitlines()[-1].split()[3:5] == ["bo", "worked"]


def test_a_number_that_nobody_gives_is_the_trackers(upheld: Terminal) -> None:
    case = upheld.case()
    upheld("cases", "triage", case, "2", "--as", "bo")
    assert upheld.json("cases", "show", case)["number"] is None
    upheld("run", "--once")
    assert upheld.json("cases", "show", case)["number"] == "1001"
    assert "your case has the number 1001" in upheld.paper
    assert upheld.json("cases", "show", "1001")["id"] == case


def test_triage_needs_a_severity_or_a_reason_to_reject(upheld: Terminal) -> None:
    case = upheld.case()
    upheld("cases", "triage", case, "--as", "bo", exits=2)
    upheld("cases", "triage", case, "2", "--reject", "no", "--as", "bo", exits=2)
    assert "has no severity 9" in upheld("cases", "triage", case, "9", "--as", "bo", exits=4).stderr


def test_a_number_is_given_once(upheld: Terminal) -> None:
    one, two = upheld.case(), upheld.case()
    upheld("cases", "triage", one, "2", "--number", "7", "--as", "bo")
    done = upheld("cases", "triage", two, "2", "--number", "7", "--as", "bo", exits=4)
    assert "another case has the number 7" in done.stderr


def test_it_is_closed_through_the_gate_and_opened_again(upheld: Terminal) -> None:
    case = upheld.case()
    refused = upheld("cases", "close", case, "--as", "bo", exits=4)
    assert "M-15 needs resolved first" in refused.stderr
    upheld("cases", "resolve", case, "--as", "bo")
    upheld("cases", "close", case, "agreed", "--as", "bo")
    assert upheld.json("cases", "show", case)["status"] == "closed"
    upheld("cases", "reopen", case, "it is back", "--as", "bo")
    assert upheld.json("cases", "show", case)["status"] == "open"


def test_a_case_is_attached_to_another(upheld: Terminal) -> None:
    one, two = upheld.case(), upheld.case()
    upheld("cases", "attach", one, one, "--as", "bo", exits=4)
    upheld("cases", "attach", two, one, "--as", "bo")
    assert upheld.kinds(two)[-1] == "attached"


def test_a_verdict_is_annulled_with_a_reason(upheld: Terminal) -> None:
    case = upheld.case()
    upheld("cases", "call", case, "--as", "bo")
    (key,) = [
        event["key"]
        for event in upheld.json("cases", "show", case)["events"]
        if event["kind"] == "verdict_given"
    ]
    unknown = upheld("cases", "annul", case, "M-15", "wrong number", "--as", "bo", exits=5)
    assert key in unknown.stderr
    upheld("cases", "annul", case, key, "wrong number", "--as", "bo")
    assert upheld.kinds(case)[-1] == "annulled"


def test_a_hold_ends_at_a_wall_time_or_after_a_while(upheld: Terminal) -> None:
    case = upheld.case()
    words = ("cases", "hold", case, "a part", "--as", "bo", "--until")
    upheld(*words, "2027-01-02 09:00")
    assert upheld.json("cases", "show", case)["events"][-1]["until"] == "2027-01-02T09:00:00Z"
    assert "is no time" in upheld(*words, "soon", exits=4).stderr


def test_nobody_is_assigned_who_is_not_there(upheld: Terminal) -> None:
    done = upheld("cases", "assign", upheld.case(), "anne", "--as", "bo", exits=5)
    assert 'did you mean "ann"?' in done.stderr


def test_a_reply_goes_out_once(upheld: Terminal) -> None:
    case = upheld.case()
    upheld("cases", "reply", case, "We look into it.", "--as", "bo")
    upheld("run", "--once")
    upheld("run", "--once")
    assert upheld.paper.count("We look into it.") == 1


def test_a_case_without_a_subject_is_refused(upheld: Terminal) -> None:
    words = ("cases", "open", " ", "--from", "pat@acme.example", "--as", "bo")
    assert "there is no subject" in upheld(*words, exits=4).stderr


def test_what_is_closed_is_not_closed_again(upheld: Terminal) -> None:
    case = upheld.case()
    upheld("cases", "resolve", case, "--as", "bo")
    upheld("cases", "close", case, "--as", "bo")
    assert "is closed already" in upheld("cases", "close", case, "--as", "bo", exits=4).stderr


def test_the_first_case_of_a_new_site_counts_from_its_opening(upheld: Terminal) -> None:
    upheld.case("Nobody can connect")
    upheld("run", "--once")
    (clause,) = upheld.json("report", "M-02")
    assert (clause["state"], clause["kept"]) == ("kept", 1)


def test_people_are_told_of_with_what_they_were_sent_and_why_not(upheld: Terminal) -> None:
    case = upheld.case("Nobody can connect")
    upheld("cases", "triage", case, "1", "--number", "1042", "--as", "bo")
    upheld("run", "--once")
    ann = next(each for each in upheld.json("explain", case, "--people") if each["person"] == "ann")
    assert [each["clauses"] for each in ann["told"]] == [["M-11"]]
    assert [(word["state"], word["by"]) for word in ann["told"][0]["words"]] == [
        ("accepted", ann["told"][0]["connection"])
    ]
    why = {each["clause"]: each["why"] for each in ann["not_told"]}
    assert why == {"M-14": "not yet: it is told when that is due", "M-06": "only where mobilised"}
    assert "Ann Reyes (operations-manager" in upheld("explain", case, "--people").stdout
