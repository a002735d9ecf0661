"""One customer's evidence as a folder that they check by themselves, without us and offline."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from upheld.calendar.instant import Instant, iso
from upheld.case.events import Event, Opened, Restated
from upheld.case.opening import opening
from upheld.errors import NotFound, Refusal
from upheld.ledger import CaseFilter, Seal, Transaction
from upheld.ledger.merkle import leaf_hash, levels, path_of
from upheld.report import verify

_HEADER: Final = ("seq", "id", "kind", "origin", "at", "seen", "recorded")
_EVERY: Final = 1_000_000_000
_README: Final = """\
Evidence of {customer}, kept by Upheld at {site}, made {made}.

evidence.json  every event of your cases, the seals over them, and how each case is bound to its seals
verify.py      checks it; needs Python 3.8 or later, nothing else, and no network

    python verify.py --witness FILE

FILE is what you got from us earlier: the head of a seal, in a mail or typed in from paper. Without
one, all of this could have been written anew yesterday, and would hold. What is hashed, and how,
stands at the top of verify.py. Take the script from a source that you trust more than us if you like.
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """What went into an export."""

    folder: Path
    cases: int
    events: int
    seals: int


def export(tx: Transaction, folder: Path, *, site: str, customer: str, now: Instant) -> Exported:
    """Write the evidence of one customer into ``folder``, which must be new or empty.

    ``NotFound`` where there are no cases of theirs, ``Refusal`` where the folder can't be written.
    """
    evidence = evidence_of(tx, site=site, customer=customer, now=now)
    files = {
        "evidence.json": json.dumps(evidence, ensure_ascii=False, indent=1) + "\n",
        "verify.py": Path(verify.__file__).read_text(encoding="utf-8"),
        "README.txt": _README.format_map(evidence),
    }
    _write(folder, files)
    cases = evidence["cases"]
    events = sum(len(case["events"]) for case in cases)
    return Exported(folder, len(cases), events, len(evidence["seals"]))


def evidence_of(tx: Transaction, *, site: str, customer: str, now: Instant) -> dict[str, Any]:
    """The content of ``evidence.json``, as ``verify.py`` reads it: hashes in hex, instants in
    microseconds. Of other customers it holds nothing but digests of digests."""
    ids = [case.id for case in tx.cases(CaseFilter(customer=customer), limit=_EVERY)]
    if not ids:
        raise NotFound(f"there are no cases of {customer}", do_next="see `upheld cases list --all`")
    paths = _Paths(tx)
    return {
        "format": verify.FORMAT,
        "site": " ".join(site.split()),
        "customer": customer,
        "made": iso(now),
        "seals": [_seal(seal) for seal in tx.seals()],
        "cases": [
            {
                "case": name,
                "events": list(_events(tx, name, customer)),
                "leaves": list(paths.of(name)),
            }
            for name in sorted(ids, key=lambda name: (len(name), name))
        ],
    }


def _seal(seal: Seal) -> dict[str, Any]:
    return {
        "number": seal.number,
        "at": seal.at,
        "previous": seal.previous.hex(),
        "root": seal.root.hex(),
        "leaves": seal.leaves,
        "head": seal.head.hex(),
    }


def _events(tx: Transaction, case: str, customer: str) -> Iterator[dict[str, Any]]:
    others = _while_anothers(tx, case, customer)
    for row in tx.stored(case):
        theirs = row["seq"] in others and row["kind"] in verify.ONES_OWN
        yield _event(row, "another's" if theirs else None)


def _while_anothers(tx: Transaction, case: str, customer: str) -> frozenset[int]:
    """The events that were recorded while the case was taken for another customer's."""
    said: list[Event] = []
    found: set[int] = set()
    for stored in tx.events(case):
        if stored.event and isinstance(stored.event.body, Opened | Restated):
            said.append(stored.event)
        then = opening(said)
        if then is not None and then.customer != customer:
            found.add(stored.seq)
    return frozenset(found)


def _event(row: Mapping[str, Any], anothers: str | None) -> dict[str, Any]:
    event: dict[str, Any] = {name: row[name] for name in _HEADER}
    event |= {"digest": row["digest"].hex(), "link": row["link"].hex()}
    if row["bytes"] is None:
        return event | ({} if row["erased"] is None else {"left_out": "erased"})
    kept_back = anothers or ("internal" if row["kind"] in verify.INTERNAL else None)
    if kept_back:
        # Without its salt, nobody can try guesses at what it says against the digest.
        return event | {"left_out": kept_back}
    # What is not UTF-8 was never written by us: it fails the check, as it should.
    stored = row["bytes"].decode("utf-8", "replace")
    return event | {"salt": row["salt"].hex(), "payload": stored}


class _Paths:
    """The way from a case's leaves to the roots of their seals; each tree is made once."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._trees: dict[int, list[Any]] = {}

    def of(self, name: str) -> Iterator[dict[str, Any]]:
        for leaf in self._tx.seals_of(name):
            path = path_of(self._tree(leaf.seal), leaf.place)
            shown = [step.hex() for step in path]
            yield {"seal": leaf.seal, "place": leaf.place, "seq": leaf.seq, "path": shown}

    def _tree(self, seal: int) -> list[Any]:
        if seal not in self._trees:
            leaves = self._tx.leaves(seal)
            self._trees[seal] = levels([leaf_hash(x.subject, x.seq, x.link) for x in leaves])
        return self._trees[seal]


def _write(folder: Path, files: Mapping[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _refuse_full(folder, folder.iterdir())
        for name, content in files.items():
            (folder / name).write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise Refusal(
            f"can't write there: {error.strerror}", where=str(folder), do_next="name another --to"
        ) from None


def _refuse_full(folder: Path, there: Iterable[Path]) -> None:
    if any(there):
        raise Refusal(
            "there is something in it already", where=str(folder), do_next="name another --to"
        )
