"""A mailbox on a server that is slow, broken or wrong: nobody else's mail waits for that."""

from __future__ import annotations

import pytest

from tests.plugins.email.conftest import NOON
from tests.plugins.email.scripted import FarEnd, Line, Script, imap
from tests.plugins.email.test_client import config
from upheld.plugin import Message, Refused, Retry
from upheld.testing import ScratchContext
from upheld_email import adapter
from upheld_email.adapter import Email


def serving(**texts: str | None) -> Script:
    """Mails 1 to 3 of ten bytes; a text that is None is not handed out."""

    def fetch(line: Line, said: str) -> None:
        tag, _, _, uids, *_ = said.split()
        which = uids.split(",")
        if "BODY" in said and any(texts.get(f"m{uid}", "") is None for uid in which):
            line.says(f"{tag} NO that one is broken")
            return
        for uid in which:
            line.says(_fetched(uid, said, texts.get(f"m{uid}") or ""))
        line.says(f"{tag} OK done")

    selected = "* 3 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n* OK [UIDNEXT 4] x"
    return imap(EXAMINE=selected, UID_SEARCH="* SEARCH 1 2 3", UID_FETCH=fetch)


def _fetched(uid: str, said: str, text: str) -> str:
    if "SIZE" in said:
        return f"* {uid} FETCH (UID {uid} RFC822.SIZE 10)"
    mail = f"From: pat{uid}@acme.example\r\nMessage-ID: <{uid}@acme.example>\r\n\r\n{text}"
    return f"* {uid} FETCH (UID {uid} BODY[] {{{len(mail)}}}\r\n{mail})"


def test_a_mail_that_is_not_handed_out_does_not_keep_the_others_for_ever(
    context: ScratchContext,
) -> None:
    with FarEnd(serving(m2=None)) as far:
        mail = Email(config("imap", far.port), context)
        first = mail.pull(None)
        assert [item.id for item in first.items if isinstance(item, Message)] == [
            "<1@acme.example>"
        ]
        assert first.more
        for _ in range(8):
            with pytest.raises(Retry, match="refuses FETCH"):
                mail.pull(first.cursor)
        refused, third = mail.pull(first.cursor).items
        mail.close()
    assert isinstance(refused, Refused)
    assert (refused.id, third.id) == ("uid:INBOX:5:2", "<3@acme.example>")  # type: ignore[union-attr]
    assert "does not hand it out" in refused.reason
    assert "that one is broken" in refused.reason


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
