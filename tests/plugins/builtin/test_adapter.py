"""The built-in tracker does what a tracker promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.builtin.conftest import ANN, NOON, PAT, configured, file, opened, words
from upheld.plugin import (
    Ability,
    Actor,
    Draft,
    Gone,
    Permanent,
    Ref,
    RemoteCase,
    Side,
    Stale,
    Visibility,
)
from upheld.testing import ScratchContext, SteppedClock, make_context
from upheld_builtin.adapter import A_PAGE, Builtin

NOWHERE = Ref("cases", "no-such-id", "9999")


# --- creating -------------------------------------------------------------------------------------


def test_a_new_case_is_returned_as_stored(desk: Builtin) -> None:
    case = opened(desk, severity=1)
    assert case == desk.fetch(case.ref)
    assert (case.ref.scope, case.ref.key, case.version) == ("cases", "1001", "1")
    assert (case.updated, case.key) == (NOON, "create:1")
    assert case.fields["title"] == "Mail is down."
    assert case.fields["severity"] == 1
    assert (case.history, case.comments, case.attachments) == ((), (), ())


def test_numbers_run_and_ids_differ(desk: Builtin) -> None:
    cases = [opened(desk, f"create:{n}") for n in range(3)]
    assert [case.ref.key for case in cases] == ["1001", "1002", "1003"]
    assert len({case.ref.id for case in cases}) == 3


def test_the_first_number_can_be_chosen(context: ScratchContext) -> None:
    assert opened(configured(context, first_number=7)).ref.key == "7"


def test_a_first_number_raised_later_leaves_a_gap(context: ScratchContext) -> None:
    opened(configured(context, first_number=7))
    assert opened(configured(context, first_number=100), "create:2").ref.key == "100"


def test_a_first_number_lowered_later_changes_nothing(context: ScratchContext) -> None:
    opened(configured(context, first_number=100))
    assert opened(configured(context, first_number=7), "create:2").ref.key == "101"


def test_the_same_key_makes_no_second_case(desk: Builtin) -> None:
    assert opened(desk) == opened(desk)
    assert len(desk.pull(None).items) == 1


def test_many_at_once_with_one_key_make_one_case(desk: Builtin) -> None:
    with ThreadPoolExecutor(6) as pool:
        cases = list(pool.map(lambda _: opened(desk), range(12)))
    assert len({case.ref.id for case in cases}) == 1
    assert len(desk.pull(None).items) == 1


def test_many_at_once_get_a_number_each(desk: Builtin) -> None:
    with ThreadPoolExecutor(6) as pool:
        cases = list(pool.map(lambda n: opened(desk, f"create:{n}"), range(24)))
    assert sorted(int(case.ref.key) for case in cases) == list(range(1001, 1025))


def test_a_wrong_field_makes_no_case(desk: Builtin) -> None:
    with pytest.raises(Permanent, match="no field 'severty'"):
        opened(desk, severty=1)
    assert desk.pull(None).items == ()


def test_a_case_is_found_by_its_key(desk: Builtin) -> None:
    case = opened(desk)
    found = desk.find("create:1", since=NOON + timedelta(days=1))
    assert (found.found, found.conclusive) == (case, True)


def test_nothing_found_is_conclusive(desk: Builtin) -> None:
    found = desk.find("create:1", since=NOON)
    assert (found.found, found.conclusive) == (None, True)


def test_what_is_not_there_is_gone(desk: Builtin) -> None:
    with pytest.raises(Gone):
        desk.fetch(NOWHERE)
    with pytest.raises(Gone):
        desk.update(NOWHERE, {"status": "closed"}, "1")
    with pytest.raises(Gone):
        desk.comment(NOWHERE, words("hello"), "c1")
    with pytest.raises(Gone):
        desk.attach(NOWHERE, file(b"x"), Visibility.INTERNAL, "a1")


def test_odd_text_comes_back_as_it_went(desk: Builtin) -> None:
    text = "Robert'); DROP TABLE item;--\r\n\x00\t{{7*7}} <b>Ü</b> \u200fשלום 🚒"
    case = desk.create(Draft("cases", text, PAT), "create:odd")
    assert desk.fetch(case.ref).fields["text"] == text


# --- updating -------------------------------------------------------------------------------------


def test_an_update_writes_fields_and_history(desk: Builtin, clock: SteppedClock) -> None:
    case = opened(desk)
    clock.forward(minutes=5)
    stored = desk.update(case.ref, {"status": "worked", "assignee": "ann"}, case.version)
    assert stored == desk.fetch(case.ref)
    assert (stored.version, stored.updated) == ("2", NOON + timedelta(minutes=5))
    assert [(c.field, c.old, c.new) for c in stored.history or ()] == [
        ("status", "open", "worked"),
        ("assignee", None, "ann"),
    ]


def test_history_says_that_it_was_us_and_when(desk: Builtin) -> None:
    case = opened(desk)
    (change,) = desk.update(case.ref, {"severity": 2}, case.version).history or ()
    assert (change.at, change.by) == (NOON, Actor("desk", side=Side.UPHELD))


def test_fields_that_are_not_named_stay(desk: Builtin) -> None:
    case = opened(desk, severity=1, queue="bench")
    stored = desk.update(case.ref, {"severity": 2}, case.version)
    assert stored.fields == {**case.fields, "severity": 2}


def test_when_a_case_was_opened_stays_whatever_comes_later(
    desk: Builtin, clock: SteppedClock
) -> None:
    case = opened(desk)
    clock.forward(hours=1)
    desk.update(case.ref, {"queue": "emea"}, case.version)
    assert desk.fetch(case.ref).created == case.created == NOON


def test_an_old_version_is_stale_and_writes_nothing(desk: Builtin) -> None:
    case = opened(desk)
    desk.update(case.ref, {"severity": 2}, case.version)
    with pytest.raises(Stale, match="case 1001 is at version 2, not at 1"):
        desk.update(case.ref, {"severity": 3}, case.version)
    assert desk.fetch(case.ref).fields["severity"] == 2


def test_a_change_of_nothing_is_no_write(desk: Builtin) -> None:
    case = opened(desk, severity=1)
    cursor = desk.pull(None).cursor
    assert desk.update(case.ref, {"severity": 1}, case.version) == case
    assert desk.pull(cursor).items == ()


def test_a_wrong_value_writes_nothing(desk: Builtin) -> None:
    case = opened(desk)
    with pytest.raises(Permanent, match="status can't be 'done'"):
        desk.update(case.ref, {"severity": 1, "status": "done"}, case.version)
    assert desk.fetch(case.ref) == case


def test_of_many_at_once_one_wins_and_the_rest_are_stale(desk: Builtin) -> None:
    case = opened(desk)

    def one(severity: int) -> bool:
        try:
            desk.update(case.ref, {"severity": severity}, case.version)
        except Stale:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(one, range(1, 13))) == 1
    assert len(desk.fetch(case.ref).history or ()) == 1


# --- comments and files ---------------------------------------------------------------------------


@pytest.mark.parametrize("visibility", list(Visibility))
def test_a_comment_keeps_its_visibility(desk: Builtin, visibility: Visibility) -> None:
    case = opened(desk)
    stored = desk.comment(case.ref, words("On it.", visibility), "c1")
    assert (stored.text, stored.visibility, stored.by, stored.key) == (
        "On it.",
        visibility,
        ANN,
        "c1",
    )
    assert desk.fetch(case.ref).comments == (stored,)


def test_a_comment_has_the_time_of_storing(desk: Builtin, clock: SteppedClock) -> None:
    case = opened(desk)
    clock.forward(hours=1)
    assert desk.comment(case.ref, words("On it."), "c1").at == NOON + timedelta(hours=1)


def test_a_comment_is_a_new_version(desk: Builtin) -> None:
    case = opened(desk)
    desk.comment(case.ref, words("On it."), "c1")
    assert desk.fetch(case.ref).version == "2"


def test_a_comment_with_the_same_key_is_the_same_comment(desk: Builtin) -> None:
    case = opened(desk)
    first = desk.comment(case.ref, words("On it."), "c1")
    assert desk.comment(case.ref, words("On it."), "c1") == first
    assert desk.fetch(case.ref).version == "2"


def test_one_key_in_two_cases_is_two_comments(desk: Builtin) -> None:
    cases = [opened(desk, f"create:{n}") for n in range(2)]
    stored = [desk.comment(case.ref, words("On it."), "c1") for case in cases]
    assert stored[0].id != stored[1].id


def test_comments_keep_their_order_and_html(desk: Builtin) -> None:
    case = opened(desk)
    for number in range(3):
        desk.comment(case.ref, replace(words(f"{number}"), html=f"<p>{number}</p>"), f"c{number}")
    found = desk.fetch(case.ref).comments or ()
    assert [(c.text, c.html) for c in found] == [(f"{n}", f"<p>{n}</p>") for n in range(3)]


def test_a_comments_files_stay_with_it(desk: Builtin) -> None:
    case = opened(desk)
    both = (file(b"one", "1.txt"), file(b"two", "2.txt"))
    stored = desk.comment(case.ref, words("See.", Visibility.PUBLIC, *both), "c1")
    assert [(f.name, f.open().read()) for f in stored.attachments] == [
        ("1.txt", b"one"),
        ("2.txt", b"two"),
    ]
    assert desk.fetch(case.ref).attachments == ()


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 1000])
def test_a_file_comes_back_byte_for_byte(desk: Builtin, content: bytes) -> None:
    case = opened(desk)
    stored = desk.attach(case.ref, file(content), Visibility.INTERNAL, "a1")
    assert (stored.name, stored.media_type, stored.size) == ("log.txt", "text/plain", len(content))
    (found,) = desk.fetch(case.ref).attachments or ()
    with found.open() as stream:
        assert stream.read() == content


def test_the_stored_size_is_the_real_one(desk: Builtin) -> None:
    lying = replace(file(b"four"), size=4_000_000)
    assert desk.attach(opened(desk).ref, lying, Visibility.PUBLIC, "a1").size == 4


def test_a_file_with_the_same_key_is_stored_once(desk: Builtin) -> None:
    case = opened(desk)
    first = desk.attach(case.ref, file(b"x"), Visibility.INTERNAL, "a1")
    assert desk.attach(case.ref, file(b"x"), Visibility.INTERNAL, "a1").id == first.id
    assert len(desk.fetch(case.ref).attachments or ()) == 1


def test_a_file_that_is_too_large_is_refused(context: ScratchContext) -> None:
    desk = configured(context, largest_file=1)
    case = opened(desk)
    desk.attach(case.ref, file(b"x" * 1_000_000), Visibility.INTERNAL, "a1")
    with pytest.raises(Permanent, match=r"'log\.txt' is larger than 1 MB"):
        desk.attach(case.ref, file(b"x" * 1_000_001), Visibility.INTERNAL, "a2")


# --- pulling --------------------------------------------------------------------------------------


def keys(items: tuple[object, ...]) -> list[str]:
    return [item.ref.key for item in items if isinstance(item, RemoteCase)]


def test_an_empty_tracker_has_nothing_to_pull(desk: Builtin) -> None:
    page = desk.pull(None)
    assert (page.items, page.more, page.as_of) == ((), False, NOON)


def test_what_was_pulled_is_not_pulled_again(desk: Builtin) -> None:
    opened(desk)
    first = desk.pull(None)
    assert keys(first.items) == ["1001"]
    assert desk.pull(first.cursor).items == ()


def test_every_kind_of_change_is_pulled(desk: Builtin) -> None:
    case = opened(desk)
    cursor = desk.pull(None).cursor
    desk.update(case.ref, {"severity": 1}, "1")
    desk.comment(case.ref, words("On it."), "c1")
    desk.attach(case.ref, file(b"x"), Visibility.INTERNAL, "a1")
    page = desk.pull(cursor)
    assert keys(page.items) == ["1001"]
    assert isinstance(page.items[0], RemoteCase)
    assert page.items[0].version == "4"


def test_changes_come_in_the_order_of_the_last_one(desk: Builtin) -> None:
    first, _ = opened(desk, "create:1"), opened(desk, "create:2")
    desk.comment(first.ref, words("On it."), "c1")
    assert keys(desk.pull(None).items) == ["1002", "1001"]


def test_many_come_page_by_page(desk: Builtin) -> None:
    for number in range(A_PAGE + 5):
        opened(desk, f"create:{number}")
    first = desk.pull(None)
    second = desk.pull(first.cursor)
    assert (len(first.items), first.more) == (A_PAGE, True)
    assert (len(second.items), second.more) == (5, False)


def test_what_changes_between_two_pages_is_not_lost(desk: Builtin) -> None:
    cases = [opened(desk, f"create:{number}") for number in range(A_PAGE + 1)]
    first = desk.pull(None)
    desk.update(cases[0].ref, {"severity": 1}, "1")
    assert keys(desk.pull(first.cursor).items) == [cases[-1].ref.key, cases[0].ref.key]


@pytest.mark.parametrize("cursor", ["", "rubbish", "7", ":", "other-file:1", "²", "a:b:c"])
def test_a_cursor_that_is_not_ours_starts_from_the_beginning(desk: Builtin, cursor: str) -> None:
    opened(desk)
    assert keys(desk.pull(cursor).items) == ["1001"]


def test_a_cursor_from_the_future_starts_from_the_beginning(desk: Builtin) -> None:
    opened(desk)
    store, _, change = desk.pull(None).cursor.partition(":")
    assert keys(desk.pull(f"{store}:{int(change) + 1}").items) == ["1001"]


def test_waiting_is_not_declared(desk: Builtin) -> None:
    assert desk.wait(0) is False
    assert Builtin.abilities == {
        Ability.PULL,
        Ability.FIND,
        Ability.REPEAT,
        Ability.INTERNAL_COMMENTS,
        Ability.LOCAL,
    }


moves = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["create", "update", "comment", "pull"])),
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(moves)
def test_whoever_follows_the_cursor_ends_with_what_is_there(
    tmp_path_factory: pytest.TempPathFactory, played: list[tuple[int, str]]
) -> None:
    context = make_context(tmp_path_factory.mktemp("desk"), NOON)
    desk, cursor = configured(context), None
    seen: dict[str, RemoteCase] = {}
    for step, (number, move) in enumerate([*played, (0, "pull")]):
        case = desk.find(f"create:{number}", NOON).found
        if move == "create":
            opened(desk, f"create:{number}")
        elif move == "update" and case is not None:
            desk.update(case.ref, {"severity": step}, case.version)
        elif move == "comment" and case is not None:
            desk.comment(case.ref, words("On it."), f"c{step}")
        elif move == "pull":
            page = desk.pull(cursor)
            cursor = page.cursor
            seen |= {i.ref.id: i for i in page.items if isinstance(i, RemoteCase)}
    assert seen == {id_: desk.fetch(case.ref) for id_, case in seen.items()}
    assert len(seen) == len(desk.pull(None).items)
