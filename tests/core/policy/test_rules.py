"""The kinds of rules: what each needs, what it takes, and what it means where nothing is said."""

from __future__ import annotations

import pytest

from tests.core.policy.written import clause, refusal, rule
from upheld.calendar.instant import DAY, HOUR, MINUTE
from upheld.policy import load_policy
from upheld.policy.model import (
    AskAhead,
    Before,
    CatchUp,
    Condition,
    Every,
    Gate,
    OnChange,
    OnReopen,
    Require,
    Target,
    Test,
    When,
)
from upheld.policy.times import Business, ByInstant, DayEdge, Elapsed, OpenAfter

_DO = "do: [page: lead]"


# --- target -------------------------------------------------------------------------------------


def test_a_target_counts_from_the_opening_unless_it_says_otherwise() -> None:
    target = rule("target: first_response\nwithin: 24 hours", Target)
    assert (target.starts, target.within) == ("opened", Elapsed(24 * HOUR, "24 hours"))
    assert (target.on_raise, target.on_lower) == (OnChange.FROM_START, OnChange.FROM_START)
    assert target.on_reopen is OnReopen.NEW_CYCLE
    assert (target.applies, target.pause_while, target.aim) == (Condition(), None, None)


@pytest.mark.parametrize(
    ("name", "met_by"),
    [
        ("first_response", ("public_reply", "call")),
        ("next_response", ("public_reply", "call")),
        ("update", ("public_reply",)),
        ("resolution", ("resolved",)),
        ("root_cause", ("resolved",)),
    ],
)
def test_what_meets_a_target_depends_on_the_target(name: str, met_by: tuple[str, ...]) -> None:
    assert rule(f"target: {name}\nwithin: 1 hour", Target).met_by == met_by
    assert rule(f"target: {name}\nwithin: 1 hour\nmet_by: call", Target).met_by == ("call",)


def test_every_key_of_a_target_is_read() -> None:
    target = rule(
        "target: resolution\nfor: {severity: 1}\nwithin: 6 business hours\naim: 4 business hours\n"
        "calendar: office\noutside_hours: 8 hours\nstarts: severity_set\nmet_by: [workaround, plan]\n"
        "pause_while: {waiting: customer}\non_raise: carry\non_lower: restart\non_reopen: continue",
        Target,
    )
    assert target.applies == Condition((Test("severity", (1,)),))
    assert target.aim == Business(4 * HOUR, "4 business hours")
    assert target.outside_hours == Elapsed(8 * HOUR, "8 hours")
    assert (target.starts, target.calendar) == ("severity_set", "office")
    assert target.met_by == ("workaround", "plan")
    assert target.pause_while == Condition((Test("waiting", ("customer",)),))
    assert (target.on_raise, target.on_lower) == (OnChange.CARRY, OnChange.RESTART)
    assert target.on_reopen is OnReopen.CONTINUE


def test_a_target_may_start_with_a_condition() -> None:
    target = rule("target: resolution\nwithin: 1 hour\nstarts: {flag: on_site}", Target)
    assert target.starts == Condition((Test("flag", ("on_site",)),))
    target = rule("target: resolution\nwithin: 1 hour\nstarts: numbered", Target)
    assert target.starts == Condition((Test("is", ("numbered",)),))


def test_that_nothing_is_promised_is_said() -> None:
    target = rule("target: first_response\npromises: none", Target)
    assert target.promises_none
    assert target.within is None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("close of next business day", DayEdge("close of next business day", "close", 1)),
        ("end of  next working day", DayEdge("end of next working day", "close", 1)),
        ("open of the second business day", DayEdge("open of the second business day", "open", 2)),
        ("close of business day", DayEdge("close of business day", "close", 0)),
        ("16:30 of next business day", DayEdge("16:30 of next business day", 990, 1)),
        ("open hour after 7 days", OpenAfter("open hour after 7 days", 7 * DAY, 7)),
        ("next open hour after 1 week", OpenAfter("next open hour after 1 week", 7 * DAY, 7)),
        ("open hour after 48 hours", OpenAfter("open hour after 48 hours", 48 * HOUR)),
    ],
)
def test_an_instant_is_an_hour_of_a_business_day_or_an_open_hour(
    text: str, read: ByInstant
) -> None:
    assert rule(f"target: resolution\nby: {text}\ncalendar: office", Target).by == read


def test_a_cut_off_belongs_to_its_business_day() -> None:
    text = "target: resolution\nby: end of next working day\ncut_off: '15:30'\ncalendar: office"
    found = rule(text, Target).by
    assert isinstance(found, DayEdge)
    assert found.cut_off == 15 * 60 + 30


def test_ongoing_targets_stand_still_while_they_wait_for_the_customer_unless_told_otherwise() -> (
    None
):
    waiting = Condition((Test("waiting", ("customer",)),))
    for name, pause in (("update", waiting), ("next_response", waiting), ("resolution", None)):
        assert rule(f"target: {name}\nwithin: 1 hour", Target).pause_while == pause
        assert (
            rule(f"target: {name}\nwithin: 1 hour\npause_while: never", Target).pause_while is None
        )
    held = rule("target: update\nwithin: 1 hour\npause_while: {flag: held}", Target)
    assert held.pause_while == Condition((Test("flag", ("held",)),))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("target: update", "needs one of `within`, `by` and `promises: none`"),
        ("target: update\nwithin: 1 hour\npromises: none",
         "needs one of `within`, `by` and `promises: none`"),
        ("target: update\npromises: much", "promises: can only be `none`"),
        ("target: first_respons\nwithin: 1 hour",
         "target: 'first_respons' is not known → did you mean \"first_response\"?"),
        ("target: Root cause\nwithin: 1 hour",
         "target: 'Root cause' is no name → a name is made of small letters, digits and underscores"),
        ("target: update\nwithin: 1 day",
         "within: a bare '1 day' may mean either: write `24 hours` or `1 business day`"),
        ("target: update\nwithin: 24", "within: is no duration → write `24 hours` or `4 business hours`"),
        ("target: update\nby: tomorrow\ncalendar: office",
         "by: 'tomorrow' is no instant: write `close of next business day`"),
        ("target: update\nby: close of last business day\ncalendar: office",
         "by: 'close of last business day' is no instant"),
        ("target: update\nby: 25:00 of next business day\ncalendar: office",
         "by: '25:00 of next business day' is no instant"),
        ("target: update\nby: open hour after 2 business days\ncalendar: office",
         "by: '2 business days' is no calendar time: write `7 days`"),
        ("target: update\nby: close of next business day",
         "by: 'close of next business day' needs `calendar`"),
        ("target: update\nby: close of next business day\ncut_off: 3 pm\ncalendar: office",
         "cut_off: '3 pm' is no time of the day: write `15:00`"),
        ("target: update\nby: open hour after 7 days\ncut_off: '15:00'\ncalendar: office",
         "cut_off: stands without a `by` of business days → leave it out"),
        ("target: update\nwithin: 1 hour\ncut_off: '15:00'",
         "cut_off: stands without a `by` of business days → leave it out"),
        ("target: update\nby: close of next business day\npause_while: {flag: held}\ncalendar: office",
         "pause_while: stands beside `by`, which is an instant → leave one of them out"),
        ("target: update\nby: close of next business day\non_raise: carry\ncalendar: office",
         "on_raise: stands beside `by`, which is an instant → leave one of them out"),
        ("target: update\nwithin: 2 hours\naim: 3 hours",
         "aim: '3 hours' is no shorter than `within` → aim at less"),
        ("target: update\nwithin: 2 business days\naim: 3 business days\ncalendar: office",
         "aim: '3 business days' is no shorter than `within` → aim at less"),
        ("target: update\nwithin: 2 hours\naim: 1 business hour\ncalendar: office",
         "aim: '1 business hour' is not measured as '2 hours' is"),
        ("target: update\nwithin: 1 business hour\ncalendar: office\noutside_hours: 1 business hour",
         "outside_hours: is elapsed time → write `8 hours`"),
        ("target: update\nwithin: 1 hour\nstarts: severity_sett",
         "starts: 'severity_sett' is not known → did you mean \"severity_set\"?"),
        ("target: update\nwithin: 1 hour\nmet_by: [publicreply]",
         "met_by.0: 'publicreply' is not known → did you mean \"public_reply\"?"),
        ("target: update\nwithin: 1 hour\nmet_by: [public_reply, update]",
         "met_by.1: a status of Upheld's meets no target → leave it out; `filled_by` may have it"),
        ("target: update\nwithin: 1 hour\nmet_by: []",
         "met_by: is empty → name at least one, or leave the key out"),
        ("target: update\nwithin: 1 hour\non_raise: restrt",
         "on_raise: 'restrt' is not known → did you mean \"restart\"?"),
        ("target: update\nwithin: 1 hour\non_lower: 5",
         "on_lower: 5 is not known → one of: carry, from_start, restart"),
        ("target: update\nwithin: 1 hour\non_reopen: [continue]",
         "on_reopen: is not a text → put it in quotes"),
        ("target: update\nwithn: 1 hour\npromises: none",
         "withn: there is no such key → did you mean \"within\"?"),
    ],
)  # fmt: skip
def test_a_target_that_promises_nothing_clear_is_refused(text: str, problem: str) -> None:
    assert problem in refusal(text)


# --- when ---------------------------------------------------------------------------------------


def test_when_fires_at_once_and_late_rather_than_never() -> None:
    found = rule(f"when: opened\n{_DO}", When)
    assert (found.after, found.before, found.unless) == (None, None, None)
    assert found.catch_up is CatchUp.ALWAYS


def test_every_key_of_when_is_read() -> None:
    found = rule(
        f"when: {{severity: 1}}\n{_DO}\nafter: 2 business hours\ncalendar: office\n"
        "unless: worked\ncatch_up: collapse",
        When,
    )
    assert found.after == Business(2 * HOUR, "2 business hours")
    assert found.unless == Condition((Test("is", ("worked",)),))
    assert (found.calendar, found.catch_up) == ("office", CatchUp.COLLAPSE)


def test_silence_may_be_told_in_days() -> None:
    found = rule(f"when: {{waiting: customer}}\nafter: 10 days\n{_DO}", When)
    assert found.after == Elapsed(10 * DAY, "10 days")


def test_before_names_a_target_and_how_long() -> None:
    inline = "{name: end, target: resolution, within: 9 business hours, calendar: office}"
    warn = "before: {resolution: 2 business hours}, calendar: office, do: [page: lead]"
    text = f"rules:\n- {inline}\n- {{name: warn, when: opened, {warn}}}"
    found = load_policy(clause(text, says="Told {warn.before} before.")).clauses[0]
    told = found.rules[1]
    assert isinstance(told, When)
    assert told.before == Before("resolution", Business(2 * HOUR, "2 business hours"))
    assert found.published == "Told 2 business hours before."


@pytest.mark.parametrize(
    ("before", "problem"),
    [
        ("2 hours", "before: names one target → write `before: {resolution: 2 hours}`"),
        (
            "{a: 1 hour, b: 1 hour}",
            "before: names one target → write `before: {resolution: 2 hours}`",
        ),
        ("{resolution: 1 day}", "before.resolution: a bare '1 day' may mean either: write"),
        ("{resolution: }", "before.resolution: is empty → say how long before: `2 hours`"),
        ("{resolution: 2 hours}", "there is no target 'resolution'"),
    ],
)
def test_a_step_before_nothing_is_refused(before: str, problem: str) -> None:
    assert problem in refusal(f"when: opened\nbefore: {before}\n{_DO}")


def test_business_time_before_a_target_needs_a_calendar() -> None:
    rules = (
        "rules:\n- {name: end, target: resolution, within: 9 hours}\n"
        "- {name: warn, when: opened, before: {resolution: 2 business hours}, do: [page: lead]}"
    )
    assert "'2 business hours' needs `calendar`" in refusal(rules)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("when: opened", "document.0.clauses.0: `when` needs `do`"),
        (f"when: opened\nafter: 1 hour\nbefore: 1 hour\n{_DO}",
         "before: stands beside `after` → leave one of them"),
        (f"when: opened\ncatch_up: never\n{_DO}",
         "catch_up: 'never' is not known → one of: always, collapse"),
        (f"when: opened\nunles: worked\n{_DO}",
         "unles: there is no such key → did you mean \"unless\"?"),
        (f"when:\n{_DO}", "when: is empty → give it a value, or leave it out"),
    ],
)  # fmt: skip
def test_when_needs_a_condition_and_something_to_do(text: str, problem: str) -> None:
    assert refusal(text) == problem


# --- every --------------------------------------------------------------------------------------


def test_every_begins_one_length_after_the_condition_and_tells_once_what_was_missed() -> None:
    found = rule(f"every: 1 hour\nwhile: {{severity: 1}}\n{_DO}", Every)
    assert (found.every, found.first) == (Elapsed(HOUR, "1 hour"), None)
    assert (found.filled_by, found.ask_ahead) == ((), None)
    assert found.catch_up is CatchUp.COLLAPSE


def test_every_key_of_every_is_read() -> None:
    found = rule(
        f"every: 1 hour\nfirst: 2 hours\nwhile: {{severity: 1}}\n{_DO}\nask_ahead: {{before: 15 minutes}}\n"
        "filled_by: [public_reply, update]\ncatch_up: always",
        Every,
    )
    assert found.first == Elapsed(2 * HOUR, "2 hours")
    assert found.ask_ahead == AskAhead("assignee", Elapsed(15 * MINUTE, "15 minutes"))
    assert (found.filled_by, found.catch_up) == (("public_reply", "update"), CatchUp.ALWAYS)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"every: 1 hour\n{_DO}", "document.0.clauses.0: `every` needs `while`: when does it end?"),
        ("every: 1 hour\nwhile: opened", "document.0.clauses.0: `every` needs `do`"),
        (f"every: 0 hours\nwhile: opened\n{_DO}", "every: '0 hours' is not between a second and ten years"),
        (f"every: 1 hour\nwhile: opened\n{_DO}\nask_ahead: {{of: lead}}",
         "ask_ahead: needs `before` → write `before: 15 minutes`"),
        (f"every: 1 hour\nwhile: opened\n{_DO}\nask_ahead: {{of: led, before: 5 minutes}}",
         "C-1: of: there is no role 'led' → did you mean \"lead\"?"),
        (f"every: 1 hour\nwhile: opened\n{_DO}\nask_ahead: 15 minutes",
         "ask_ahead: is not a mapping → write `key: value` lines"),
    ],
)  # fmt: skip
def test_every_needs_an_end_and_something_to_do(text: str, problem: str) -> None:
    assert problem in refusal(text)


# --- require ------------------------------------------------------------------------------------


def test_a_requirement_prevents_unless_it_says_otherwise() -> None:
    found = rule("require: {before: close, needs: resolved}", Require)
    assert (found.before, found.needs, found.gate) == ("close", ("resolved",), Gate.PREVENT)
    assert (found.ask, found.override, found.applies) == ((), None, Condition())


def test_every_key_of_a_requirement_is_read() -> None:
    found = rule(
        "require: {before: resolve, needs: [cause, version], ask: [version], override: reason,"
        " gate: flag, for: {severity: 1}}",
        Require,
    )
    assert found.needs == ("cause", "version")
    assert (found.ask, found.override, found.gate) == (("version",), "reason", Gate.FLAG)
    assert found.applies == Condition((Test("severity", (1,)),))


def test_what_is_needed_may_be_one_of_a_few() -> None:
    found = rule("require: {before: resolve, needs: cause, one_of: {cause: [disk, wire]}}", Require)
    assert found.one_of == {"cause": ("disk", "wire")}


@pytest.mark.parametrize(
    ("inside", "problem"),
    [
        ("{before: close}", "require: `require` needs `needs`"),
        ("{before: close, needs: cause, one_of: {cuase: [disk]}}",
         "require.one_of.cuase: 'cuase' is not needed here → did you mean \"cause\"?"),
        ("{before: close, needs: cause, one_of: {cause: []}}",
         "require.one_of.cause: is empty → name at least one, or leave the key out"),
        ("{before: close, needs: cause, one_of: disk}",
         "require.one_of: is not a mapping → write `key: value` lines"),
        ("{needs: cause}", "require: `require` needs `before`"),
        ("{before: closing, needs: cause}",
         "require.before: 'closing' is not known → did you mean \"close\"?"),
        ("{before: [close, resolve], needs: cause}",
         "require.before: is more than one → write a rule for each"),
        ("{before: close, needs: []}", "require.needs: is empty → name at least one, or leave the key out"),
        ("{before: number, needs: trriage}",
         "require.needs: 'trriage' is not known → did you mean \"triage\"?"),
        ("{before: close, needs: cause, gate: warn}",
         "require.gate: 'warn' is not known → one of: flag, prevent, revert"),
        ("{before: close, needs: [cause, version], ask: workaround}",
         "require.ask: 'workaround' is not needed here → one of: cause, version"),
        ("{before: close, needs: [cause, engineer], ask: [cause, engineer]}",
         "require.ask.1: 'engineer' is nothing that a customer can tell → do not ask for it"),
        ("close", "require: is not a mapping → write `key: value` lines"),
    ],
)  # fmt: skip
def test_a_requirement_says_what_and_before_what(inside: str, problem: str) -> None:
    assert refusal(f"require: {inside}") == problem
