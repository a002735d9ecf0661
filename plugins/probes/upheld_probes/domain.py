"""Names as they go over the wire: in ASCII."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, Field

_HOST: Final = r"^[^\s/@?#\[\]]+$"


def in_ascii(host: str) -> str:
    """A name by IDNA 2008, or an address as it is; what is no name stays what it is, and is told when it
    is looked up.

    The standard library and dnspython go by IDNA 2003: they ask ``strasse.example`` for
    ``straße.example``, which is somebody else's.
    """
    if host.isascii():
        return host
    import idna

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return host


Host: TypeAlias = Annotated[str, Field(pattern=_HOST), AfterValidator(in_ascii)]
