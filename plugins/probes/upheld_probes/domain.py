"""Names as they go over the wire: in ASCII."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, Field

_HOST: Final = r"^[^\s/@?#\[\]]+$"


def in_ascii(host: str) -> str:
    """A name by IDNA 2008, or an address as it is; what is no name stays what it is, and is told when it
    is looked up.

    The standard library's codec goes by IDNA 2003: it asks ``strasse.example`` for ``straße.example``,
    which is somebody else's. A name with an underscore is none by IDNA, and stays as it is: the probe
    of DNS asks for it by dnspython, which encodes each label for itself, by IDNA 2008 too.
    """
    if host.isascii():
        return host
    import idna

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return host


Host: TypeAlias = Annotated[str, Field(pattern=_HOST), AfterValidator(in_ascii)]
