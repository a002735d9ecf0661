"""One customer's evidence as a folder that they check by themselves, without us and offline."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from upheld.calendar.instant import Instant, iso
from upheld.case.events import Event, Opened, Restated
from upheld.case.opening import opening
from upheld.errors import NotFound, Refusal
from upheld.ledger import Seal, Transaction
from upheld.ledger.merkle import leaf_hash, levels, path_of
from upheld.report import verify
from upheld.report.concerning import KINDS, concerning

_HEADER: Final = ("seq", "id", "kind", "origin", "at", "seen", "recorded")
_README: Final = """\
Evidence of {customer}, kept by Upheld at {site}, made {made}.

evidence.json  every event of your cases, of planned maintenance and of what is watched for you, the seals
               over them, and how each is bound to its seals
verify.py      checks it; needs Python 3.8 or later, nothing else, and no network

    python verify.py --witness FILE

FILE is what you got from us earlier: the head of a seal, in a mail or typed in from paper. Without
one, all of this could have been written anew yesterday, and would hold. What is hashed, and how,
stands at the top of verify.py. Take the script from a source that you trust more than us if you like.
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """What went into an export; of ``chains`` how many by their kind, and of those that ``stay`` the ids."""

    folder: Path
    chains: Mapping[str, int]
    events: int
    seals: int
    stay: tuple[str, ...]


def export(tx: Transaction, folder: Path, *, site: str, customer: str, now: Instant) -> Exported:
    """Write the evidence of one customer into ``folder``, which must be new or empty.

    ``NotFound`` where there is nothing of theirs, ``Refusal`` where the folder can't be written.
    """
    evidence = evidence_of(tx, site=site, customer=customer, now=now)
    files = {
        "evidence.json": json.dumps(evidence, ensure_ascii=False, indent=1) + "\n",
        "verify.py": Path(verify.__file__).read_text(encoding="utf-8"),
        "README.txt": _README.format_map(evidence),
    }
    _write(folder, files)
    chains = evidence["cases"]
    kinds = Counter(each["kind"] for each in chains)
    return Exported(
        folder,
        {kind: kinds[kind] for kind in KINDS},
        sum(len(each["events"]) for each in chains),
        len(evidence["seals"]),
        tuple(evidence["stay"]),
    )


def evidence_of(tx: Transaction, *, site: str, customer: str, now: Instant) -> dict[str, Any]:
    """The content of ``evidence.json``, as ``verify.py`` reads it: hashes in hex, instants in
    microseconds. Of other customers it holds nothing but digests of digests."""
    found, paths = concerning(tx, customer), _Paths(tx)
    if not found.chains:
        raise NotFound(
            f"there are no cases of {customer}, and nothing else of theirs",
            do_next="see `upheld cases list --all`",
        )
    return {
        "format": verify.FORMAT,
        "site": " ".join(site.split()),
        "customer": customer,
        "made": iso(now),
        "seals": [_seal(seal) for seal in tx.seals()],
        "cases": [
            {
                "case": name,
                "kind": kind,
                "events": list(_events(tx, name, kind, customer)),
                "leaves": list(paths.of(name)),
            }
            for name, kind in found.chains
        ],
        "stay": list(found.stay),
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


def _events(tx: Transaction, case: str, kind: str, customer: str) -> Iterator[dict[str, Any]]:
    others = _while_anothers(tx, case, customer) if kind == "case" else frozenset()
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
