"""A mailbox on a server that is slow, broken or wrong: nobody else's mail waits for that."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import closing, suppress
from typing import TypeAlias

import pytest

from tests.plugins.email.conftest import NOON, Connect
from tests.plugins.email.scripted import FarEnd, HungUp, Line, Script, imap
from tests.plugins.email.test_client import config
from tests.plugins.email.test_pull import PAT, sole, subjects
from upheld.plugin import Inbound, Message, Refused, Retry
from upheld.testing import ScratchContext, SteppedClock
from upheld_email import adapter
from upheld_email.adapter import Email
from upheld_email.simulator import MailSimulator

#: What becomes of a command that asks for a broken mail.
Broken: TypeAlias = Callable[[Line, str], None]


def declined(line: Line, tag: str) -> None:
    line.says(f"{tag} NO that one is broken")


def declined_as_a_fault(line: Line, tag: str) -> None:
    line.says(f"{tag} NO [SERVERBUG] that one is broken")


def hung_up(_line: Line, _tag: str) -> None:
    raise HungUp


def left_out(line: Line, tag: str) -> None:
    line.says(f"{tag} OK done")


def serving(
    broken: Broken = declined, at: str = "BODY", *, which: AbstractSet[str] = frozenset()
) -> Script:
    """Mails 1 to 3; with ``which`` of them something is wrong where ``at`` is asked for."""

    def fetch(line: Line, said: str) -> None:
        tag, _, _, uids, *_ = said.split()
        for uid in uids.split(","):
            if at in said and uid in which:
                if broken is not left_out:
                    broken(line, tag)
                    return
            else:
                line.says(_fetched(uid, said))
        line.says(f"{tag} OK done")

    def search(line: Line, said: str) -> None:
        tag, *_, last = said.split()
        first, _, end = last.partition(":")
        found = [n for n in (1, 2, 3) if int(first) <= n <= int(end)]
        line.says(f"* SEARCH {' '.join(map(str, found))}\r\n{tag} OK done")

    selected = "* 3 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n* OK [UIDNEXT 4] x"
    return imap(EXAMINE=selected, UID_SEARCH=search, UID_FETCH=fetch)


def _fetched(uid: str, said: str) -> str:
    if "SIZE" in said:
        return f"* {uid} FETCH (UID {uid} RFC822.SIZE 10)"
    mail = f"From: pat{uid}@acme.example\r\nMessage-ID: <{uid}@acme.example>\r\n\r\n"
    return f"* {uid} FETCH (UID {uid} BODY[] {{{len(mail)}}}\r\n{mail})"


def pulled(mail: Email, *, times: int) -> list[Inbound]:
    """What comes of so many attempts, however they end."""
    items: list[Inbound] = []
    cursor: str | None = None
    for _ in range(times):
        with suppress(Retry):
            page = mail.pull(cursor)
            items += page.items
            cursor = page.cursor
    return items


@pytest.mark.parametrize(
    ("broken", "at", "says"),
    [
        (declined, "BODY", "that one is broken"),
        (declined, "SIZE", ""),  # its size can't be told, but itself it is there
        (declined_as_a_fault, "BODY", "that one is broken"),
        (declined, "FETCH", "that one is broken"),
        (hung_up, "BODY", "the connection broke"),
        (left_out, "BODY", "does not give it"),
        (left_out, "SIZE", ""),
        (left_out, "FETCH", "does not give it"),
    ],
)
def test_a_mail_that_is_not_handed_out_does_not_keep_the_others_for_ever(
    context: ScratchContext, broken: Broken, at: str, says: str
) -> None:
    with (
        FarEnd(serving(broken, at, which={"2"})) as far,
        closing(Email(config("imap", far.port), context)) as mail,
    ):
        first, second, third = pulled(mail, times=13)
    assert [first.id, third.id] == ["<1@acme.example>", "<3@acme.example>"]  # type: ignore[union-attr]
    if not says:
        assert isinstance(second, Message)
        return
    assert isinstance(second, Refused)
    assert second.id == "uid:INBOX:5:2"
    assert "does not hand it out" in second.reason
    assert says in second.reason


@pytest.mark.parametrize("broken", [hung_up, declined_as_a_fault])
@pytest.mark.parametrize("which", [{"1", "2", "3"}, {"3"}])
def test_where_nobodys_mail_comes_none_is_given_up(
    context: ScratchContext, which: set[str], broken: Broken
) -> None:
    """The line is bad, or nobody waits behind it."""
    with (
        FarEnd(serving(broken, which=which)) as far,
        closing(Email(config("imap", far.port), context)) as mail,
    ):
        items = pulled(mail, times=15)
    assert [type(item) for item in items] == [Message] * (3 - len(which))


def test_a_folder_and_its_sizes_are_asked_for_once_for_several_pages(
    context: ScratchContext,
) -> None:
    with (
        FarEnd(serving()) as far,
        closing(Email(config("imap", far.port, page=1), context)) as mail,
    ):
        assert len(pulled(mail, times=3)) == 3
    for once in ("EXAMINE", "UID SEARCH", "RFC822.SIZE"):
        assert len([line for line in far.heard if once in line]) == 1, once


def test_what_is_gone_is_asked_for_once(context: ScratchContext) -> None:
    """Somebody cleans up while a large folder is read for the first time."""

    def search(line: Line, said: str) -> None:
        line.says(
            f"* SEARCH {'1 2 3' if said.endswith('1:3') else ''}\r\n{said.split(maxsplit=1)[0]} OK done"
        )

    opened = "* 3 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n* OK [UIDNEXT 4] x"
    sole = _fetched("1", "SIZE"), _fetched("1", "BODY")
    script = imap(
        EXAMINE=opened,
        UID_SEARCH=search,
        UID_FETCH=lambda line, said: line.says(
            f"{sole['BODY' in said]}\r\n{said.split()[0]} OK done"
        ),
    )
    with FarEnd(script) as far, closing(Email(config("imap", far.port, page=1), context)) as mail:
        items = pulled(mail, times=3)
    assert [type(item) for item in items] == [Message]
    assert len([line for line in far.heard if "RFC822.SIZE" in line]) == 1


def test_what_somebody_removed_is_no_broken_mail(context: ScratchContext) -> None:
    gone = imap(
        EXAMINE="* 2 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n* OK [UIDNEXT 3] x",
        UID_SEARCH=lambda line, said: line.says(
            f"* SEARCH {'1 2' if said.endswith('1:2') else ''}\r\n{said.split()[0]} OK done"
        ),
        UID_FETCH=lambda line, said: line.says(
            f"{_fetched('1', said)}\r\n{said.split()[0]} OK done"
        ),
    )
    with FarEnd(gone) as far, closing(Email(config("imap", far.port), context)) as mail:
        page = mail.pull(None)
    assert (len(page.items), page.more) == (1, False)


def test_a_slow_line_gives_a_short_page(
    context: ScratchContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "_GROUP", 10)
    monkeypatch.setattr(adapter, "_LONGEST", 0.0)
    with FarEnd(serving()) as far:
        mail = Email(config("imap", far.port), context)
        page = mail.pull(None)
        mail.close()
    assert (len(page.items), page.more) == (1, True)


def test_a_mail_that_is_too_big_is_not_fetched_whole(context: ScratchContext) -> None:
    sizes = "* 1 FETCH (UID 1 RFC822.SIZE 99999999999)"
    with FarEnd(imap(UID_FETCH=sizes)) as far:
        mail = Email(config("imap", far.port), context)
        with pytest.raises(Retry, match="does not give it"):
            mail.pull(None)
        mail.close()
    bodies = [line for line in far.heard if "BODY" in line]
    assert bodies
    assert all("BODY.PEEK[]<0.65536>" in line for line in bodies)


def test_a_server_whose_clock_runs_ahead_makes_no_page_cover_the_future(
    context: ScratchContext,
) -> None:
    ahead = '* 1 FETCH (UID 1 RFC822.SIZE 10 INTERNALDATE " 1-Dec-2036 12:00:00 +0000" BODY[] "x")'
    selected = "* 2 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n* OK [UIDNEXT 3] x"
    with FarEnd(imap(EXAMINE=selected, UID_SEARCH="* SEARCH 1 2", UID_FETCH=ahead)) as far:
        mail = Email(config("imap", far.port, page=1), context)
        page = mail.pull(None)
        mail.close()
    assert (len(page.items), page.more) == (1, True)
    assert page.as_of == NOON


def test_after_a_passing_no_size_and_date_are_asked_for_again(
    far: MailSimulator, connect: Connect, clock: SteppedClock
) -> None:
    """Else a big mail is taken, and what we promised runs from when we read it."""
    far.write(PAT, "one", "x")
    far.write(PAT, "two", "x")
    far.write(PAT, "big", "line\n" * 4_000)
    clock.forward(hours=1)
    mail = connect(page=1, max_bytes=10_000)
    far.refuse("UID FETCH", *["not just now"] * 5)  # all three, the first, two, and each of those
    first = mail.pull(None)
    second = mail.pull(first.cursor)
    assert (sole(second).subject, sole(second).at) == ("two", NOON)
    (big,) = mail.pull(second.cursor).items
    assert isinstance(big, Refused)


@pytest.mark.parametrize("said", ["THROTTLED", "LIMIT", "UNAVAILABLE", "INUSE"])
def test_what_came_before_a_server_was_busy_is_a_page(
    far: MailSimulator, mailbox: Email, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(adapter, "_GROUP", 10)
    for number in range(3):
        far.write(PAT, str(number), "x")
    far.refuse("UID FETCH", "", "", f"[{said}] slowly")  # sizes, the first mail, the second
    page = mailbox.pull(None)
    assert (subjects(page), page.more) == (["0"], True)
    assert subjects(mailbox.pull(page.cursor)) == ["1", "2"]
