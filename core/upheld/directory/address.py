"""Addresses made comparable: mail by its local part and IDNA domain, numbers by their digits."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_UNFIT: Final = re.compile(r"[\s<>,;\"()]")
_FILLING: Final = re.compile(r"[\s().-]")
_NUMBER: Final = re.compile(r"\+\d{7,15}")


def folded(address: str) -> str | None:
    """The form under which an address is looked up; None for what is no bare address.

    Two addresses of one form are one mailbox or number. A mail address with quotes, brackets, or
    more than one ``@`` is refused: what stands around an address is the sender's own claim.
    """
    text = unicodedata.normalize("NFC", address.strip())
    if "@" not in text:
        number = _FILLING.sub("", text)
        return number if _NUMBER.fullmatch(number) else text.casefold() or None
    if _UNFIT.search(text) or text.count("@") > 1:
        return None
    local, _, domain = text.partition("@")
    host = folded_domain(domain)
    return f"{local.lower()}@{host}" if local and host else None


def folded_domain(domain: str) -> str | None:
    """A domain in lower-case ASCII (IDNA 2008), without the dot at its end; None for no domain.

    The library's own codec is of 2003: it takes ``straße.example`` for ``strasse.example``, which is
    somebody else's.
    """
    host = domain.strip().rstrip(".")
    try:
        found = (host.encode("idna") if host.isascii() else _encoded(host)).decode("ascii").lower()
    except UnicodeError:
        return None
    return None if not found or _UNFIT.search(found) else found


def _encoded(host: str) -> bytes:
    import idna

    return idna.encode(host, uts46=True)


def folded_pattern(pattern: str) -> str | None:
    """A domain as it is listed: ``acme.example`` or, for all that is below it, ``*.acme.example``."""
    below = pattern.strip().startswith("*.")
    host = folded_domain(pattern.strip()[2:] if below else pattern)
    return host and (f"*.{host}" if below else host)


def patterns_for(address: str) -> tuple[str, ...]:
    """Under what the domain of a folded mail address may be listed, closest first."""
    _, at, host = address.partition("@")
    if not at:
        return ()
    labels = host.split(".")
    return (host, *("*." + ".".join(labels[n:]) for n in range(1, len(labels))))


def by_channel(mail: str | None, phone: str | None, more: dict[str, str]) -> dict[str, str]:
    """Addresses by channel; a phone takes calls and short messages unless they go elsewhere."""
    numbers = {"phone": phone, "sms": phone, "voice": phone} if phone else {}
    found = {"mail": mail, **numbers, **more}
    return {channel: address for channel, address in found.items() if address}
