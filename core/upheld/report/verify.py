"""Checks an export of Upheld's evidence, offline: every event, every seal, and a head you kept.

    python verify.py [--witness FILE] [FOLDER]

FOLDER holds evidence.json (default: where this script lies). FILE holds heads of seals that you got
from Upheld at some time and kept: a mail, a page that was typed in, whatever stands around them.

It needs Python 3.8 or later, nothing else, and no network. Read it before you trust it: it is short
on purpose. It exits with 0 where everything holds, 1 where something does not, 2 where it can't read.

What is hashed (SHA-256 throughout; numbers are written in decimal, instants are microseconds since
1970 in UTC; "+" puts bytes one after the other):

    digest of an event = H(salt + payload)
    link of an event   = H(link before + header), header: subject, id, kind, origin,
                         "seq at seen recorded", digest in hex; each as "length:text,"
    leaf of a case     = H(byte 0 + "seq subject" + newline + link of its last event)
    node of a tree     = H(byte 1 + left + right), as RFC 6962, section 2.1 pairs them
    head of a seal     = H(byte 2 + "number at leaves" + newline + root + head of the seal before)
"""

from __future__ import annotations

import email
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

FORMAT = "upheld-evidence-1"
LATE = 10 * 60 * 1_000_000  # slow commits and clocks that differ, in microseconds
# What can be in an export, each with a chain of its own.
CHAINS = {"case": "cases", "window": "windows", "monitor": "monitors", "advisory": "advisories"}
# Notes among staff, cases of others, errors of Upheld's own: the only kinds that may be kept back.
INTERNAL = frozenset(["attached", "noted", "passed_over", "undecided"])
# What is said by and to one customer: kept back where a case was taken for another's before.
ONES_OWN = frozenset(
    ["opened", "restated", "customer_message", "public_reply", "call_logged", "receipted"]
)
_GAP = r"(?:[\s>|]|\\n)"  # line ends, quotes of mails, line ends in JSON
_HEAD = re.compile(
    r"Upheld seal (\d+), site (.{1,200}?), (\d{4}-\d\d-\d\dT[\d:.]+Z):_*"
    r"((?:[0-9a-f]{8}_*){8})check ([0-9a-f]{8})".replace(" ", "_+").replace("_", _GAP),
    re.IGNORECASE | re.DOTALL,
)


class Head(NamedTuple):
    """The head of a seal, as somebody kept it; ``at`` is ISO 8601 in UTC, ``head`` is hex."""

    number: int
    site: str
    at: str
    head: str

    @property
    def check(self) -> str:
        """Eight digits that tell a slip of the pen from a seal that was changed."""
        text = f"{self.number} {self.site} {self.at} {self.head}"
        return sha256(text.encode()).hexdigest()[:8]


class Fault(NamedTuple):
    """Something does not hold: in which case, at which event, and what."""

    case: str
    event: str
    what: str


# --- the witness ----------------------------------------------------------------------------------


def heads_in(raw: bytes) -> tuple[list[Head], list[int]]:
    """The heads in a text or a mail, oldest first, and the numbers of those with a slip in them."""
    found, slips = set(), set()
    for text in _texts(raw):
        for number, site, at, digits, check in _HEAD.findall(text):
            hexadecimal = "".join(re.findall(r"[0-9a-f]{8}", digits.lower()))
            head = Head(int(number), _plain(site), at.upper(), hexadecimal)
            if head.check == check.lower():
                found.add(head)
            else:
                slips.add(head.number)
    return sorted(found), sorted(slips)


def _texts(raw: bytes) -> Iterator[str]:
    yield raw.decode("utf-8", "replace")
    for part in email.message_from_bytes(raw).walk():
        if part.get_content_maintype() == "text":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                yield content.decode("utf-8", "replace")


def _plain(text: str) -> str:
    return re.sub(_GAP + "+", " ", text).strip()


def disagreements(
    heads: Iterable[Head], known: Mapping[int, str], site: str
) -> Iterator[tuple[Head, str]]:
    """Heads that are not those of the seals, each with why; ``known`` has the head by number."""
    for head in heads:
        if head.site != site:
            yield head, f"the witness is of site {head.site!r}, this is {site!r}"
        elif head.number not in known:
            yield head, f"seal {head.number} of {head.at} was witnessed, and is gone"
        elif known[head.number] != head.head:
            yield head, f"seal {head.number} is not the one that was witnessed, of {head.at}"


# --- events, seals, and how they hang together ----------------------------------------------------


def link_of(before: bytes, subject: str, event: Mapping[str, Any]) -> bytes:
    """The link of an event behind the link of the one before it."""
    times = " ".join(str(event[name]) for name in ("seq", "at", "seen", "recorded"))
    fields = [subject, event["id"], event["kind"], event["origin"], times, event["digest"]]
    header = "".join(f"{len(field)}:{field}," for field in fields)
    return sha256(before + header.encode()).digest()


def event_faults(case: Mapping[str, Any]) -> Iterator[Fault]:
    """Events that were edited, removed, moved or put in."""
    name, before = case["case"], b""
    moved = any(event["kind"] == "restated" for event in case["events"])
    for expected, event in enumerate(case["events"], 1):
        seq = str(event["seq"])
        if event["seq"] != expected:
            yield Fault(name, seq, f"this is event {seq} where {expected} belongs")
            return
        if bytes.fromhex(event["link"]) != link_of(before, name, event):
            yield Fault(
                name, seq, "edited, moved or put in: it does not follow from the one before"
            )
        if "payload" in event and _digest(event) != event["digest"]:
            yield Fault(name, seq, "the payload was edited")
        elif "payload" not in event and not _may_be_left_out(event, moved):
            yield Fault(name, seq, "the payload is gone, and nothing says why")
        before = bytes.fromhex(event["link"])


def _may_be_left_out(event: Mapping[str, Any], moved: bool) -> bool:
    why = event.get("left_out")
    if why == "another's":
        return moved and event["kind"] in ONES_OWN
    return why == "erased" or (why == "internal" and event["kind"] in INTERNAL)


def _digest(event: Mapping[str, Any]) -> str:
    return sha256(bytes.fromhex(event["salt"]) + event["payload"].encode()).hexdigest()


def head_of(seal: Mapping[str, Any]) -> str:
    """The head of a seal, from what it holds."""
    text = f"{seal['number']} {seal['at']} {seal['leaves']}\n"
    parts = [b"\2", text.encode(), bytes.fromhex(seal["root"]), bytes.fromhex(seal["previous"])]
    return sha256(b"".join(parts)).hexdigest()


def seal_faults(seals: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    """Seals that were edited or removed."""
    before = ""
    for expected, seal in enumerate(seals, 1):
        name = f"seal {seal['number']}"
        if seal["number"] != expected or seal["previous"] != before:
            yield Fault("", "", f"{name} does not follow from the one before")
        if seal["head"] != head_of(seal):
            yield Fault("", "", f"{name} was edited")
        before = seal["head"]


def root_from(leaf: bytes, place: int, leaves: int, path: Sequence[bytes]) -> bytes:
    """The root that a path leads to; ValueError where it leads nowhere."""
    steps = list(path)
    while leaves > 1:
        if place ^ 1 < leaves:
            step = steps.pop(0) if steps else b""
            leaf = sha256(b"\1" + (step + leaf if place % 2 else leaf + step)).digest()
        place, leaves = place // 2, (leaves + 1) // 2
    if steps or place:
        raise ValueError("the path does not fit the tree")
    return leaf


def leaf_faults(case: Mapping[str, Any], seals: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    """Leaves that are in no seal, or hold something else than the events do."""
    name = case["case"]
    links = {event["seq"]: event["link"] for event in case["events"]}
    for leaf in case["leaves"]:
        seal, link = seals[leaf["seal"] - 1], links.get(leaf["seq"])
        if link is None:
            yield Fault(name, str(leaf["seq"]), f"gone: seal {seal['number']} holds it")
            continue
        hashed = sha256(f"\0{leaf['seq']} {name}\n".encode() + bytes.fromhex(link)).digest()
        path = [bytes.fromhex(step) for step in leaf["path"]]
        if root_from(hashed, leaf["place"], seal["leaves"], path).hex() != seal["root"]:
            yield Fault(name, str(leaf["seq"]), f"not what seal {seal['number']} holds")


def backdated(case: Mapping[str, Any], seals: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    """Events that say they are older than a seal which does not hold them."""
    for event in case["events"]:
        holding = [leaf["seal"] for leaf in case["leaves"] if leaf["seq"] >= event["seq"]]
        without = min(holding, default=len(seals) + 1) - 1
        if without and event["recorded"] < seals[without - 1]["at"] - LATE:
            what = f"put in after seal {without}: it says it was recorded {iso(event['recorded'])}"
            yield Fault(case["case"], str(event["seq"]), what)


def all_faults(evidence: Mapping[str, Any]) -> Iterator[Fault]:
    """Everything in an export that does not hold."""
    seals = evidence["seals"]
    yield from seal_faults(seals)
    for case in evidence["cases"]:
        yield from event_faults(case)
        yield from leaf_faults(case, seals)
        yield from backdated(case, seals)


# --- telling --------------------------------------------------------------------------------------


def iso(at: int) -> str:
    """An instant as ISO 8601 in UTC."""
    when = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=at)
    return when.isoformat().replace("+00:00", "Z")


def summary(evidence: Mapping[str, Any]) -> Iterator[str]:
    """What was checked, and what is not there to be checked."""
    events = [event for case in evidence["cases"] for event in case["events"]]
    kinds = [case.get("kind", "case") for case in evidence["cases"]]
    chains = [f"{kinds.count(kind)} {many}" for kind, many in CHAINS.items() if kind in kinds]
    yield (
        f"{', '.join(chains)} of {evidence['customer']} at {evidence['site']},"
        f" {len(events)} events, {len(evidence['seals'])} seals, made {evidence['made']}."
    )
    for why, says in (
        ("erased", "erased"),
        ("internal", "internal, not shown to customers"),
        ("another's", "of when the case was taken for another customer's"),
    ):
        count = sum(1 for event in events if event.get("left_out") == why)
        if count:
            yield f"{count} payloads are {says}; digest and place of each are checked."
    if evidence.get("stay"):
        yield f"{', '.join(evidence['stay'])} stay there: they name what is another customer's."
    for case in evidence["cases"]:
        last = max((leaf["seq"] for leaf in case["leaves"]), default=0)
        if last < len(case["events"]):
            yield f"{case['case']}: from event {last + 1} on nothing is sealed yet."


def witnessed(evidence: Mapping[str, Any], heads: Sequence[Head]) -> str:
    """What the witness proves, or why nothing is proved without one."""
    seals = evidence["seals"]
    if heads:
        last = seals[heads[-1].number - 1]
        return f"What was sealed up to seal {last['number']}, {iso(last['at'])}, is as it was then."
    newest = (
        f" The newest seal is {seals[-1]['number']}, head {seals[-1]['head']}." if seals else ""
    )
    return (
        "Without a witness, all of it could have been written anew by whoever made this export:"
        " compare it with a head that you kept (--witness FILE)." + newest
    )


def checked(evidence: Mapping[str, Any], heads: Sequence[Head]) -> int:
    """Check and tell; the exit code."""
    known = {seal["number"]: seal["head"] for seal in evidence["seals"]}
    wrong = disagreements(heads, known, evidence["site"])
    faults = [*all_faults(evidence), *(Fault("", "", what) for _head, what in wrong)]
    for line in summary(evidence):
        print(line)
    for fault in faults:
        where = f"{fault.case}, event {fault.event}: " if fault.case else ""
        print(f"WRONG  {where}{fault.what}")
    print("It does not hold." if faults else f"It holds. {witnessed(evidence, heads)}")
    return 1 if faults else 0


def main(words: Sequence[str]) -> int:
    """The command."""
    folder, rest = Path(__file__).parent, list(words)
    heads: list[Head] = []
    if "--witness" in rest[:-1]:
        place = rest.index("--witness")
        heads, slips = heads_in(Path(rest[place + 1]).read_bytes())
        if slips or not heads:
            what = f"seal {slips[0]} is mistyped" if slips else "there is no head of a seal"
            print(f"{rest[place + 1]}: {what}")
            return 2
        del rest[place : place + 2]
    if len(rest) > 1 or any(word.startswith("-") for word in rest):
        print(__doc__)
        return 2
    evidence = json.loads(
        (Path(rest[0]) if rest else folder).joinpath("evidence.json").read_bytes()
    )
    if evidence["format"] != FORMAT:
        print(f"this is {evidence['format']}, and the script is for {FORMAT}")
        return 2
    return checked(evidence, heads)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        print(f"It can't be read: {type(error).__name__}: {error}")
        sys.exit(2)
