"""The IMAP side of the simulator: what a mail client needs of RFC 9051, 2177 and 6851."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Final

from upheld_email.simulator.parts import attributes, matching, numbers, words
from upheld_email.simulator.store import CHALLENGE, Account, Folder, Store, Stored
from upheld_email.simulator.wire import HungUp, Server, Wire

_LITERAL: Final = re.compile(rb"\{(\d+)\+?\}$")
# Before somebody has signed in, and after: so do Dovecot and others.
_CAPABILITIES: Final = "IMAP4rev1 LITERAL+ AUTH=PLAIN"
_SIGNED_IN: Final = "IMAP4rev1 LITERAL+"


class ImapServer(Server):
    """Serves the mailboxes of the store."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store

    def serve(self, wire: Wire) -> None:
        """One client."""
        _Session(wire, self.store).run()


class _Refusal(Exception):
    """The command is answered with NO or BAD, and the words."""


class _Session:
    def __init__(self, wire: Wire, store: Store) -> None:
        self._wire, self._store = wire, store
        self._account: Account | None = None
        self._folder: Folder | None = None
        self._validity, self._readonly = 0, False
        self._view: list[int] = []  # UIDs by sequence number, as this client was told
        self._over = False

    def run(self) -> None:
        self._untagged("OK simulator ready")
        while not self._over:
            tag, name, rest = self._read()
            self._store.faults.before.pop(name, lambda: None)()
            try:
                done = self._command(name, rest)
            except _Refusal as refusal:
                done = str(refusal)
            with self._store.lock:
                self._synchronise()
            self._slow()
            if name in self._store.faults.lost_answers:
                self._store.faults.lost_answers.discard(name)
                raise HungUp
            self._send(f"{tag} {done}")

    # --- in and out ---

    def _read(self) -> tuple[str, str, str]:
        """A command with its literals; they stand quoted in the rest."""
        line = self._wire.line()
        while literal := _LITERAL.search(line):
            if not literal[0].endswith(b"+}"):
                self._send("+ go on")
            quoted = self._wire.literal(int(literal[1])).replace(b"\\", b"\\\\")
            quoted = b'"' + quoted.replace(b'"', b'\\"') + b'"'
            line = line[: literal.start()] + quoted + self._wire.line()
        tag, _, rest = line.decode("utf-8", "surrogateescape").partition(" ")
        name, _, rest = rest.partition(" ")
        if name.upper() == "UID":
            verb, _, rest = rest.partition(" ")
            name = f"UID {verb}"
        return tag, name.upper(), rest

    def _send(self, line: str) -> None:
        self._wire.send(line.encode("utf-8", "surrogateescape") + b"\r\n")

    def _untagged(self, line: str) -> None:
        self._send(f"* {line}")

    def _slow(self) -> None:
        if self._store.faults.delay:
            time.sleep(self._store.faults.delay)

    def _command(self, name: str, rest: str) -> str:
        commands: dict[str, Callable[[str], str]] = {
            "CAPABILITY": self._capability,
            "NOOP": lambda _: "OK done",
            "LOGOUT": self._logout,
            "LOGIN": self._login,
            "LIST": self._list,
            "CREATE": self._create,
            "SELECT": lambda rest: self._select(rest, readonly=False),
            "EXAMINE": lambda rest: self._select(rest, readonly=True),
            "UID SEARCH": self._search,
            "UID FETCH": self._fetch,
            "UID STORE": self._flag,
            "UID COPY": lambda rest: self._copy(rest, move=False),
            "UID MOVE": lambda rest: self._copy(rest, move=True),
            "UID EXPUNGE": self._expunge,
            "EXPUNGE": self._expunge,
            "AUTHENTICATE": self._authenticate,
            "APPEND": self._append,
            "IDLE": lambda _: self._idle(),
        }
        command = commands.get(name)
        if command is None:
            raise _Refusal(f"BAD {name} is not known here")
        refused = self._store.faults.refused.get(name)
        if refused and (said := refused.popleft()):
            raise _Refusal(f"NO {said}")
        with nullcontext() if name == "IDLE" else self._store.lock:
            return command(rest)

    # --- who ---

    def _capability(self, _rest: str) -> str:
        faults, offered = self._store.faults, [_CAPABILITIES]
        if self._store.tokens is not None:
            offered.append("AUTH=XOAUTH2")
        if self._account is not None:
            missing = {"IDLE": faults.no_idle, "MOVE": faults.no_move, "UIDPLUS": faults.no_uidplus}
            offered = [
                _SIGNED_IN,
                *(name for name, is_missing in missing.items() if not is_missing),
            ]
        self._untagged(f"CAPABILITY {' '.join(offered)}")
        return "OK done"

    def _logout(self, _rest: str) -> str:
        self._untagged("BYE see you")
        self._over = True
        return "OK done"

    def _login(self, rest: str) -> str:
        user, password = (*words(rest), "", "")[:2]
        self._account = self._store.lets_in(user, password)
        if self._account is None:
            raise _Refusal("NO [AUTHENTICATIONFAILED] user name or password wrong")
        return "OK welcome"

    def _authenticate(self, rest: str) -> str:
        """SASL PLAIN (RFC 4616), for passwords beyond ASCII; XOAUTH2 where tokens are given."""
        mechanism = rest.upper()
        if mechanism != "PLAIN" and (mechanism != "XOAUTH2" or self._store.tokens is None):
            raise _Refusal("NO no such mechanism")
        self._send("+ ")
        secret = base64.b64decode(self._wire.line()).decode()
        if mechanism == "PLAIN":
            self._account = self._store.lets_in(*secret.split("\0")[1:3])
        else:
            self._account = self._store.lets_in_by(secret)
            if self._account is None:
                self._send(f"+ {base64.b64encode(CHALLENGE.encode()).decode()}")
                self._wire.line()
        if self._account is None:
            raise _Refusal("NO [AUTHENTICATIONFAILED] user name or password wrong")
        return "OK welcome"

    # --- folders ---

    def _folders(self) -> dict[str, Folder]:
        if self._account is None:
            raise _Refusal("BAD sign in first")
        return self._account.folders

    def _list(self, rest: str) -> str:
        wanted = words(rest)[-1]
        for name in self._folders():
            if wanted in {"*", "%", name}:
                self._untagged(f'LIST () "/" "{name}"')
        return "OK done"

    def _create(self, rest: str) -> str:
        self._folders().setdefault(words(rest)[0], Folder())
        return "OK done"

    def _select(self, rest: str, *, readonly: bool) -> str:
        name = words(rest)[0]
        folder = self._folders().get("INBOX" if name.upper() == "INBOX" else name)
        if folder is None:
            self._folder = None
            raise _Refusal(f"NO [NONEXISTENT] no folder {name}")
        self._folder, self._validity, self._readonly = folder, folder.validity, readonly
        self._view = [mail.uid for mail in folder.mails]
        self._untagged(f"{len(self._view)} EXISTS")
        self._untagged(f"OK [UIDVALIDITY {folder.validity}] valid")
        self._untagged(f"OK [UIDNEXT {folder.next_uid}] next")
        self._untagged(r"FLAGS (\Seen \Deleted \Flagged)")
        return f"OK [{'READ-ONLY' if readonly else 'READ-WRITE'}] selected"

    def _selected(self, *, writing: bool = False) -> Folder:
        if self._folder is None:
            raise _Refusal("BAD select a folder first")
        if writing and self._readonly:
            raise _Refusal("NO the folder was opened read-only")
        return self._folder

    def _synchronise(self) -> None:
        """Tell this client what others changed (RFC 9051 §7.5)."""
        if self._folder is None or self._over:
            return
        if self._folder.validity != self._validity:
            self._untagged("BYE the folder was rebuilt")
            raise HungUp
        there = [mail.uid for mail in self._folder.mails]
        for uid in sorted(set(self._view) - set(there), reverse=True):
            self._untagged(f"{self._view.index(uid) + 1} EXPUNGE")
            self._view.remove(uid)
        if self._view != there:
            self._view = there
            self._untagged(f"{len(there)} EXISTS")

    # --- mails ---

    def _search(self, rest: str) -> str:
        found = matching(self._selected().mails, words(rest))
        self._untagged(f"SEARCH {' '.join(str(mail.uid) for mail in found)}".rstrip())
        return "OK done"

    def _fetch(self, rest: str) -> str:
        which, _, wanted = rest.partition(" ")
        places = {mail.uid: place for place, mail in enumerate(self._selected().mails, 1)}
        for mail in self._chosen(which):
            parts, marks = attributes(mail, wanted)
            if b"BODY[]" in parts:
                self._count_fetch()
            if marks and not self._readonly:
                mail.flags.add("\\Seen")
            self._wire.send(b"* %d FETCH (%s)\r\n" % (places[mail.uid], parts))
        return "OK done"

    def _count_fetch(self) -> None:
        """A fault may cut the connection before a mail's text goes out."""
        faults = self._store.faults
        if faults.bytes_left is not None:
            self._wire.bytes_left, faults.bytes_left = faults.bytes_left, None
        if faults.fetches_left is None:
            return
        if faults.fetches_left == 0:
            faults.fetches_left = None
            raise HungUp
        faults.fetches_left -= 1

    def _chosen(self, which: str) -> list[Stored]:
        mails = self._selected().mails
        wanted = numbers(which, [mail.uid for mail in mails])
        return [mail for mail in mails if mail.uid in wanted]

    def _flag(self, rest: str) -> str:
        which, how, flags = rest.split(" ", 2)
        self._selected(writing=True)
        for mail in self._chosen(which):
            given = set(flags.strip("()").split())
            mail.flags = mail.flags - given if how.startswith("-") else mail.flags | given
        return "OK done"

    def _copy(self, rest: str, *, move: bool) -> str:
        which, _, name = rest.partition(" ")
        if move and self._store.faults.no_move:
            raise _Refusal("BAD MOVE is not known here")
        folder, target = self._selected(writing=move), self._folders().get(words(name)[0])
        if target is None:
            raise _Refusal("NO [TRYCREATE] no such folder")
        chosen = self._chosen(which)
        for mail in chosen:
            target.add(mail.raw, mail.at, mail.flags)
        if move:
            folder.remove({mail.uid for mail in chosen})
        return "OK done"

    def _append(self, rest: str) -> str:
        """RFC 9051 §6.3.12: the mail is the last word. It is stamped with policy time."""
        given = words(rest)
        target = self._folders().get(given[0])
        if target is None:
            raise _Refusal("NO [TRYCREATE] no such folder")
        raw = given[-1].encode("utf-8", "surrogateescape")
        target.add(raw, self._store.clock(), {"\\Seen"})
        return "OK done"

    def _expunge(self, rest: str) -> str:
        folder = self._selected(writing=True)
        chosen = self._chosen(rest or "1:*")
        folder.remove({mail.uid for mail in chosen if "\\Deleted" in mail.flags})
        return "OK done"

    def _idle(self) -> str:
        if self._store.faults.no_idle:
            raise _Refusal("BAD IDLE is not known here")
        self._send("+ idling")
        self._store.idling_by(1)
        try:
            while (line := self._heard_idling()) is None:
                with self._store.lock:
                    self._synchronise()
        finally:
            self._store.idling_by(-1)
        return "OK done" if line.upper() == b"DONE" else "BAD that is not DONE"

    def _heard_idling(self) -> bytes | None:
        """What the client says meanwhile. A fault may say goodbye, or never a word again."""
        faults = self._store.faults
        if faults.byes:
            faults.byes -= 1
            self._untagged("BYE the server goes down")
            raise HungUp
        while faults.mute_idle:
            self._wire.line_if_any()
        return self._wire.line_if_any()
