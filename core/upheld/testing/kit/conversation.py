"""The contract of a conversation: a notifier over which people write to us."""

from __future__ import annotations

import threading
from typing import Any, Final

import pytest

from upheld.plugin import Message, Nature, Notifier, Refused
from upheld.testing.kit.contract import Connect, raised
from upheld.testing.kit.grade import Kind, shows
from upheld.testing.kit.notifier import NotifierContract
from upheld.testing.kit.notifier_base import outgoing, read
from upheld.testing.kit.notifier_end import ConversationFarEnd, Letter

_BAD: Final = ("", "rubbish", "[]", "-1", "9" * 40, "\x00", "x:y:z", "99999999:99999999")
_TEXTS: Final = {
    "utf-8": "Grüße \U0001f4a5 שלום",
    "iso-8859-1": "Grüße à côté",
    "windows-1252": "“Grüße” – 5 €",
    "koi8-r": "Почта не работает",
    "iso-2022-jp": "メールが届きません",
}
_WAIT: Final = 0.2
_SOON: Final = 10.0


class ConversationContract(NotifierContract):
    """All that a conversation is held to. Inherit it, name the ``plugin``, give it a ``remote``."""

    kind = Kind.CONVERSATION

    @shows("M28-once")
    def test_every_message_comes_once(self, connect: Connect, remote: ConversationFarEnd) -> None:
        wanted, cursor, came = [], None, []
        for round_ in range(3):
            wanted += [
                remote.write(Letter(remote.writer, f"Words {round_}.{n}.")) for n in range(30)
            ]
            found, cursor = messages(connect(), cursor)
            came += [each.id for each in found]
        assert came == wanted
        assert messages(connect(), cursor)[0] == []

    @shows("M28-once")
    def test_who_writes_what_and_when(
        self, notifier: Notifier[Any], remote: ConversationFarEnd
    ) -> None:
        remote.write(Letter(remote.writer, "Nothing goes out.\n\nSince noon.", "Mail is down"))
        (came,), _ = messages(notifier)
        assert came.by.id == remote.writer
        assert read(came.text) == "Nothing goes out. Since noon."
        assert came.subject == "Mail is down" or "subject" in remote.lacks
        assert came.at.utcoffset() is not None

    @shows("M29-bad-cursor")
    @pytest.mark.parametrize("cursor", _BAD)
    def test_a_broken_cursor(
        self, notifier: Notifier[Any], remote: ConversationFarEnd, cursor: str
    ) -> None:
        id_ = remote.write(Letter(remote.writer, "Words."))
        assert id_ in [each.id for each in messages(notifier, cursor)[0]]

    @shows("M30-same-instant")
    def test_a_message_at_the_instant_of_the_cursor(
        self, notifier: Notifier[Any], remote: ConversationFarEnd
    ) -> None:
        """The clock stands still."""
        remote.write(Letter(remote.writer, "First."))
        _, cursor = messages(notifier)
        second = remote.write(Letter(remote.writer, "Second."))
        assert [each.id for each in messages(notifier, cursor)[0]] == [second]

    @shows("M31-proof")
    def test_who_is_proven(self, notifier: Notifier[Any], remote: ConversationFarEnd) -> None:
        remote.write(Letter(remote.writer, "Proven."))
        remote.write(Letter(remote.writer, "Forged.", proven=False))
        came, _ = messages(notifier)
        assert [(read(each.text), each.verified) for each in came] == [
            ("Proven.", True),
            ("Forged.", False),
        ]

    @shows("M32-nature")
    @pytest.mark.parametrize(
        "nature", [Nature.NORMAL, Nature.AUTOMATIC, Nature.BOUNCE, Nature.LIST]
    )
    def test_what_kind_it_is(
        self, notifier: Notifier[Any], remote: ConversationFarEnd, nature: Nature
    ) -> None:
        self.meet(remote, f"nature:{nature}")
        remote.write(Letter(remote.writer, "Words.", nature=nature))
        came, _ = messages(notifier)
        assert [each.nature for each in came] == [nature]

    @shows("M33-ours")
    def test_what_we_sent(self, notifier: Notifier[Any], remote: ConversationFarEnd) -> None:
        self.meet(remote, "mirror_sent")
        notifier.send(outgoing(), remote.person(self.channel, 1), "key:1")
        remote.mirror_sent()
        assert {each.nature for each in messages(notifier)[0]} <= {Nature.OURS}

    @shows("M34-thread")
    def test_an_answer(self, notifier: Notifier[Any], remote: ConversationFarEnd) -> None:
        sent = notifier.send(outgoing(), remote.person(self.channel, 1), "key:1")
        remote.write(Letter(remote.writer, "Thanks.", "Re: Mail is down", answers=sent.handle))
        remote.write(Letter(remote.writer, "Something else."))
        answer, other = messages(notifier)[0]
        assert sent.handle in answer.thread
        assert sent.handle not in other.thread

    @shows("M35-text")
    @pytest.mark.parametrize("charset", _TEXTS)
    def test_any_charset(
        self, notifier: Notifier[Any], remote: ConversationFarEnd, charset: str
    ) -> None:
        remote.write(Letter(remote.writer, _TEXTS[charset], charset=charset))
        (came,), _ = messages(notifier)
        assert read(came.text) == _TEXTS[charset]

    @shows("M36-files")
    @pytest.mark.parametrize("name", ["log.txt", "ünï cödé.bin", "a b;c.txt"])
    def test_a_file_that_comes(
        self, notifier: Notifier[Any], remote: ConversationFarEnd, name: str
    ) -> None:
        self.meet(remote, "files")
        sent = bytes(range(256)) * 8
        remote.write(Letter(remote.writer, "See the file.", files={name: sent}))
        (came,), _ = messages(notifier)
        (file,) = came.attachments
        with file.open() as stream:
            assert (file.name, stream.read()) == (name, sent)

    @shows("M37-rubbish")
    def test_rubbish(self, notifier: Notifier[Any], remote: ConversationFarEnd) -> None:
        self.meet(remote, "rubbish")
        before = remote.write(Letter(remote.writer, "Before."))
        remote.rubbish()
        after = remote.write(Letter(remote.writer, "After."))
        items = notifier.pull(None).items
        came = [each.id for each in items if isinstance(each, Message)]
        assert {before, after} <= set(came)
        assert len(items) == 3
        assert all(each.reason for each in items if isinstance(each, Refused))

    @shows("M38-cut")
    def test_a_reading_that_is_cut(
        self, notifier: Notifier[Any], remote: ConversationFarEnd
    ) -> None:
        self.meet(remote, "cut_reading")
        wanted = [remote.write(Letter(remote.writer, f"Words {n}.")) for n in range(20)]
        first, cursor = messages(notifier)
        remote.cut_reading()
        wanted += [remote.write(Letter(remote.writer, f"More words {n}.")) for n in range(20)]
        raised(lambda: messages(notifier, cursor))
        rest, _ = messages(notifier, cursor)
        assert [each.id for each in (*first, *rest)] == wanted

    @shows("M39-raw")
    def test_it_is_kept_as_it_came(
        self, notifier: Notifier[Any], remote: ConversationFarEnd
    ) -> None:
        remote.write(Letter(remote.writer, "A canary: c0ffee."))
        (came,), _ = messages(notifier)
        assert b"c0ffee" in came.raw

    @shows("M40-wait")
    def test_a_wait(self, notifier: Notifier[Any], remote: ConversationFarEnd) -> None:
        _, cursor = messages(notifier)
        woken: list[bool] = []
        thread = threading.Thread(target=lambda: woken.append(notifier.wait(_SOON)), daemon=True)
        thread.start()
        remote.write(Letter(remote.writer, "Now."))
        thread.join(_SOON * 2)
        assert woken == [True]
        assert len(messages(notifier, cursor)[0]) == 1

    @shows("M40-wait")
    def test_a_wait_for_nothing(self, notifier: Notifier[Any]) -> None:
        messages(notifier)
        assert notifier.wait(_WAIT) in {True, False}

    @shows("M41-again")
    def test_a_page_is_read_again(self, connect: Connect, remote: ConversationFarEnd) -> None:
        wanted = [remote.write(Letter(remote.writer, f"Words {n}.")) for n in range(3)]
        for _ in range(2):
            assert [each.id for each in messages(connect())[0]] == wanted


def messages(
    notifier: Notifier[Any], cursor: str | None = None
) -> tuple[list[Message], str | None]:
    """Every message since the cursor, and the last cursor."""
    found: list[Message] = []
    for _ in range(400):
        page = notifier.pull(cursor)
        found += [each for each in page.items if isinstance(each, Message)]
        cursor = page.cursor
        if not page.more:
            return found, cursor
    raise AssertionError("paging never ends")
