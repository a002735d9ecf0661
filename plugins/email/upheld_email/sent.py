"""The folder where copies of what we sent lie: put there, and looked up by their Message-ID."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from typing import Final

from upheld.plugin import PluginError
from upheld_email.client import Mailbox
from upheld_email.config import EmailConfig
from upheld_email.letter import POLICY
from upheld_email.oauth import OAuth
from upheld_email.threads import digest_in_id

# A copy is worth a moment, not the hard stop of a sending that went well.
_PATIENCE: Final = 3.0
_REST: Final = 60.0
_AT_A_TIME: Final = 500


class SentFolder:
    """Its ids are read once, from the earliest instant that was asked for; then only new ones."""

    def __init__(self, config: EmailConfig, folder: str, oauth: OAuth | None = None) -> None:
        quick = config.model_copy(update={"timeout": min(config.timeout, _PATIENCE)})
        self._mailbox, self._folder = Mailbox(quick, oauth), folder
        self._rests_until = 0.0
        self._validity: int | None = None
        self._since: datetime | None = None
        self._read_to = 0
        self._ids: dict[str, str] = {}

    def put(self, mail: EmailMessage, at: datetime) -> str | None:
        """File a copy; what went wrong, or None. After a failure it rests for a minute."""
        if time.monotonic() < self._rests_until:
            return "the mailbox did not take the copy before"
        try:
            self._mailbox.append(self._folder, mail.as_bytes(policy=POLICY), at)
        except PluginError as error:
            self._rests_until = time.monotonic() + _REST
            return error.what
        return None

    def find(self, digest: str, since: datetime) -> str | None:
        """The Message-ID of the mail with this digest, sent after ``since``; None: it is not there.

        Raises what the mailbox does, `Misconfigured` where there is no such folder.
        """
        folder = self._mailbox.select(self._folder, readonly=True)
        if folder.validity != self._validity or self._since is None or since < self._since:
            self._validity, self._since, self._read_to, self._ids = folder.validity, since, 0, {}
        self._read(self._since)
        return self._ids.get(digest)

    def close(self) -> None:
        """Log out."""
        self._mailbox.close()

    def _read(self, since: datetime) -> None:
        # SEARCH knows days alone, and those of the server's own zone (RFC 9051 §6.4.4).
        there = self._mailbox.uids_since((since - timedelta(days=1)).date())
        new = [uid for uid in there if uid > self._read_to]
        for start in range(0, len(new), _AT_A_TIME):
            uids = new[start : start + _AT_A_TIME]
            for head in self._mailbox.message_ids(uids).values():
                name = str(message_from_bytes(head).get("Message-ID", "")).strip()
                digest = digest_in_id(name)
                if digest is not None:
                    self._ids[digest] = name
            self._read_to = uids[-1]
