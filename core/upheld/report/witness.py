"""What an outside witness kept of our seals, and whether the ledger still agrees with it.

The suspect is whoever owns the database: they can write every chain and every seal anew, and all of
it will hold. They can't change a head that somebody else has in a mail or on paper.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from upheld.calendar.instant import iso
from upheld.errors import ConfigError
from upheld.ledger import ChainFault, Seal, Transaction
from upheld.report.verify import Head, disagreements, heads_in

_SUSPECTS: Final = 20


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked. ``witnessed`` is the newest seal that a witness agrees with, if any.

    ``erased`` payloads are no fault: their events hold, but what they said is gone.
    """

    faults: tuple[ChainFault, ...]
    seals: int
    witnessed: Seal | None
    erased: int


def head_of(seal: Seal, site: str) -> Head:
    """What a witness is to keep of a seal."""
    return Head(seal.number, " ".join(site.split()), iso(seal.at), seal.head.hex())


def written(head: Head) -> str:
    """A head for a mail or a sheet of paper: three lines of at most 72 characters of our own.

    ``read`` finds it again whatever stands around it, quoted or wrapped. The check at its end tells
    a slip of the pen from a seal that was changed.
    """
    groups = " ".join(textwrap.wrap(head.head, 8))
    return f"Upheld seal {head.number}, site {head.site}, {head.at}:\n{groups}\ncheck {head.check}."


def read(path: Path) -> list[Head]:
    """The heads in a file, oldest first; ``ConfigError`` where it has none or one has a slip."""
    try:
        heads, slips = heads_in(path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"can't be read: {error.strerror}", where=str(path), do_next="check path and rights"
        ) from None
    if slips:
        raise ConfigError(
            f"the head of seal {slips[0]} is mistyped or cut: its check does not fit",
            where=str(path),
            do_next="compare it with what the witness got, letter by letter",
        )
    if not heads:
        raise ConfigError(
            "there is no head of a seal in it",
            where=str(path),
            do_next="give what `upheld audit head` printed, as the witness kept it",
        )
    return heads


def verify(
    tx: Transaction, site: str, *, case: str | None = None, heads: Sequence[Head] = ()
) -> Verified:
    """Check every chain (or that of ``case``), all seals, and what a witness kept of them."""
    found = [*tx.verify(case), *tx.verify_seals()] if case else tx.verify_all()
    seals = tx.seals()
    known = {seal.number: seal for seal in seals}
    hexes = {seal.number: seal.head.hex() for seal in seals}
    wrong = list(disagreements(heads, hexes, " ".join(site.split())))
    agreed = [known[h.number] for h in heads if h not in {bad for bad, _what in wrong}]
    told = [*found, *_told(tx, wrong, agreed, case)]
    witnessed = max(agreed, key=lambda seal: seal.number, default=None)
    return Verified(tuple(told), len(seals), witnessed, tx.erased(case))


def _told(
    tx: Transaction, wrong: Sequence[tuple[Head, str]], agreed: Sequence[Seal], case: str | None
) -> Iterator[ChainFault]:
    if not wrong:
        return
    first, what = wrong[0]
    after = max((seal.number for seal in agreed if seal.number < first.number), default=0)
    more = f" (nor are {len(wrong) - 1} more heads)" if len(wrong) > 1 else ""
    span = (
        f"seal {first.number}"
        if after + 1 == first.number
        else f"seals {after + 1} to {first.number}"
    )
    yield ChainFault(None, None, f"{what}{more}: what {span} held was written anew or is gone")
    yield from _suspects(tx, after, first.number, case)


def _suspects(tx: Transaction, after: int, upto: int, case: str | None) -> Iterator[ChainFault]:
    """A head is one hash: of what stood under it we know only what stands there now."""
    sealed = tx.sealed_between(after, upto)
    names = [name for name in sealed if case in {None, name}]
    what = "may be one that was written anew: it is under a seal that is not the one witnessed"
    for name in names[:_SUSPECTS]:
        yield ChainFault(name, sealed[name], what)
    if len(names) > _SUSPECTS:
        yield ChainFault(None, None, f"{len(names) - _SUSPECTS} more cases are under those seals")
