"""Message ids and plus-addresses of ours: made, and recognised again. Pure.

Both carry the thread in clear (base32) and a signature, so that a reply finds its way even where
In-Reply-To was lost, and nobody can make one up. They route; they authorise nothing.

    <upheld.THREAD.SIGNATURE.DIGEST@example.com>     every mail that we send
    support+THREAD.SIGNATURE@example.com             Reply-To
    support+THREAD.SIGNATURE.DIGEST@example.com      envelope sender (VERP): which sending bounced

The signature covers the digest too where an address bears one: others on the thread, who may have
seen the message id, can't say that it bounced.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final

# RFC 5321 §4.5.3.1.1: a local part has 64 octets at most.
_LOCAL_PART: Final = 64
_MARK: Final = "upheld"
_SIGNATURE: Final = 13
_OURS: Final = re.compile(r"<upheld\.([^<>@]+)@[^<>@]+>")
#: A message's own id as the core keeps it: what follows the brackets tells doubles apart.
_KEPT: Final = re.compile(r"(<[^<>\s]{1,500}>)(?:#[0-9a-f]+)?")
_SUBJECT: Final = re.compile(r"\[(?:[^\[\]]*[\s#])?#?([A-Za-z]{0,10}-?\d{1,12})\]")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The ids of one mailbox. ``key`` signs; whoever has it can route mail to any thread."""

    key: bytes = field(repr=False)
    address: str

    def message_id(self, thread: str, digest: str) -> str:
        """The id of a mail: the same for the same thread and digest."""
        return f"<{_MARK}.{self.tag(thread)}.{digest}@{self._domain}>"

    def plus_address(self, thread: str, digest: str = "") -> str:
        """Our address with the thread in it; the bare one where it would be too long."""
        local = self.address.rpartition("@")[0]
        tagged = f"{local}+{self.tag(thread, digest)}"
        fits = thread and len(tagged) <= _LOCAL_PART
        return f"{tagged}@{self._domain}" if fits else self.address

    def tag(self, thread: str, digest: str = "") -> str:
        """The thread, the proof that it was us who wrote it, and perhaps which mail it is of."""
        proof = self._signature(thread, digest)
        return ".".join(filter(None, (_base32(thread.encode()), proof, digest)))

    def thread_in_id(self, message_id: str) -> str | None:
        """The thread of a message id of ours; None where it isn't ours."""
        found = _OURS.fullmatch(message_id)
        return self._thread(found[1]) if found else None

    def thread_in_address(self, address: str) -> str | None:
        """The thread of a plus-address of ours; None where it has none, or a forged one."""
        return self._thread(_tag_of(address), signs_digest=True)

    def sending_in_address(self, address: str) -> str | None:
        """The message id of the mail whose envelope sender this is; None where it is none of ours."""
        thread, made = self.thread_in_address(address), _tag_of(address).lower().split(".")[2:]
        return self.message_id(thread, made[0]) if thread and made else None

    @property
    def _domain(self) -> str:
        return self.address.rpartition("@")[2]

    def _thread(self, tag: str, *, signs_digest: bool = False) -> str | None:
        # Some servers fold the local part to lower case; base32 doesn't mind.
        coded, signature, digest = (*tag.lower().split("."), "", "")[:3]
        thread = _unbase32(coded) if coded else None
        if thread is None:
            return None
        # As bytes: text that is not ASCII can't be compared, and it may stand in any mail.
        right = hmac.compare_digest(
            self._signature(thread, digest if signs_digest else "").encode(),
            signature.encode("utf-8", "replace"),
        )
        return thread if right else None

    def _signature(self, thread: str, digest: str = "") -> str:
        signed = f"{thread}\0{digest}" if digest else thread
        made = hmac.new(self.key, signed.encode("utf-8", "replace"), hashlib.sha256).digest()
        return _base32(made)[:_SIGNATURE]


def digest(key: str, site: str) -> str:
    """A sending's part of the message id: the same key gives the same id, on one site."""
    return hashlib.sha256(f"{site}\0{key}".encode()).hexdigest()[:16]


def digest_in_id(message_id: str) -> str | None:
    """The digest of a message id of ours; None where it isn't ours. Who wrote it is not proven."""
    found = _OURS.fullmatch(message_id)
    return found[1].rpartition(".")[2] if found else None


def bare_id(handle: str) -> str | None:
    """The message id in a handle or in `Message.id`; None where it holds none."""
    found = _KEPT.fullmatch(handle)
    return found[1] if found else None


def subject_tokens(subject: str) -> tuple[str, ...]:
    """``[C7]``, ``[#1042]``, ``[Case #1042]`` as ``subject:C7``, ``subject:1042``."""
    return tuple(dict.fromkeys(f"subject:{found}" for found in _SUBJECT.findall(subject[:1000])))


def _tag_of(address: str) -> str:
    return address.rpartition("@")[0].partition("+")[2]


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def _unbase32(text: str) -> str | None:
    padded = text.upper() + "=" * (-len(text) % 8)
    try:
        return base64.b32decode(padded).decode() or None
    except (binascii.Error, ValueError):
        return None
