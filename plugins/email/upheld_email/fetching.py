"""Mails as bytes, one group after another; one that the server can't hand out keeps no other out for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final, TypeAlias

from upheld.plugin import PluginError, Refused, Retry
from upheld_email.answers import Envelope
from upheld_email.client import Declined, Dropped, Mailbox
from upheld_email.config import EmailConfig

Fetched: TypeAlias = tuple[Envelope, bytes | Refused]

_HEAD: Final = 65_536
# How often a mail is asked for that the server does not hand out, before it is passed over.
_PATIENCE: Final = 10
# Sizes that are asked for at once: a page has this many mails at most, and few have so many.
_AHEAD: Final = 500


class Fetching:
    """Fetches from the folder that is open. How often it failed is remembered while the program runs."""

    def __init__(self, mailbox: Mailbox, config: EmailConfig) -> None:
        self._mailbox, self._config = mailbox, config
        self._failed: Counter[str] = Counter()
        self._known: dict[tuple[int, int], Envelope | None] = {}  # by UIDVALIDITY and UID

    def envelopes(self, uids: Sequence[int], validity: int) -> tuple[list[Envelope], int]:
        """Size and date of the first of these, as many as a page has, and the last UID of those, there or
        not (0: none). Of one that the server can't read, neither size nor date.

        Those behind are asked for with them: some may be gone when it is their turn."""
        names = [(validity, uid) for uid in uids[:_AHEAD]]
        page = names[: self._config.page]
        known = self._known
        if not known.keys() >= set(page):
            found = {(validity, each.uid): each for each in self._asked_for(uids[:_AHEAD])}
            known = dict.fromkeys(names) | found
            # What the server did not tell now, it may when it is that mail's turn.
            self._known = {
                name: each for name, each in known.items() if each is None or _told(each)
            }
        return [each for name in page if (each := known[name])], page[-1][1] if page else 0

    def _asked_for(self, uids: Sequence[int]) -> list[Envelope]:
        try:
            found = self._mailbox.envelopes(uids) if uids else []
        except Declined:
            if len(uids) == 1:
                return [Envelope(uids[0], 0, None)]
            half = len(uids) // 2
            return [*self._asked_for(uids[:half]), *self._asked_for(uids[half:])]
        missing = set(uids) - {each.uid for each in found}
        there = (Envelope(uid, 0, None) for uid in missing if self._mailbox.has(uid))
        return sorted((*found, *there), key=lambda each: each.uid)

    def mails(self, group: list[Envelope], validity: int) -> Iterator[Fetched]:
        """Each of them in full; of one that is too big the beginning; `Refused` where all patience ended.

        Raises what the mailbox does; what had come by then has been given.
        """
        mails, error = self._asked(group)
        for envelope in group:
            if envelope.uid in mails:
                yield envelope, mails[envelope.uid]
            elif error is None and not self._mailbox.has(envelope.uid):
                continue  # somebody has removed it meanwhile
            elif len(group) > 1 and not isinstance(error, Dropped):
                yield from self.mails([envelope], validity)  # one of them is at fault
            else:
                yield envelope, self._given_up(envelope, validity, error)
                if isinstance(error, Dropped):
                    raise error  # the connection is gone, and the rest did not come

    def _asked(self, group: list[Envelope]) -> tuple[dict[int, bytes], Retry | None]:
        whole = group[0].size <= self._config.max_bytes
        try:
            uids = [each.uid for each in group]
            return self._mailbox.mails(uids, None if whole else _HEAD), None
        except Dropped as dropped:
            return dropped.got, dropped
        except Declined as declined:
            return {}, declined

    def _given_up(self, envelope: Envelope, validity: int, error: Retry | None) -> Refused:
        name = f"uid:{self._config.folder}:{validity}:{envelope.uid}"
        wrong = error or Declined("it lists the mail, and does not give it", "")
        self._failed[name] += 1
        if self._failed[name] < _PATIENCE:
            raise wrong
        general = isinstance(wrong, Dropped) or "[SERVERBUG]" in wrong.what.upper()
        if general and not self._hands_out_what_follows(envelope.uid):
            raise wrong
        return Refused(name, f"the server does not hand it out: {wrong.what}")

    def _hands_out_what_follows(self, uid: int) -> bool:
        """Whether it is at this mail alone that the server fails: else nobody's mail comes, and it is no
        fault of this one."""
        with suppress(PluginError):
            folder = self._mailbox.select(self._config.folder, readonly=True)
            behind, _ = self._mailbox.uids_after(uid, folder.next_uid)
            return bool(behind and self._mailbox.mails(behind[:1], _HEAD))
        return False


def _told(envelope: Envelope) -> bool:
    return bool(envelope.size or envelope.at)
