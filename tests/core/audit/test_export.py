"""An export is checked by a script alone, with nothing of Upheld, and holds nothing of others."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from tests.core.audit.conftest import CANARY, NOTE, Life, decide, live, open_case
from tests.core.ledger.scene import NOW, event
from upheld.calendar.instant import HOUR
from upheld.case.decision import Decision, Listing, Subject
from upheld.case.events import (
    BODIES,
    Body,
    Event,
    Noted,
    Opened,
    Provided,
    PublicReply,
    Reported,
    Restated,
    Turned,
    WindowPlanned,
)
from upheld.case.monitor import Tally
from upheld.case.opening import opening
from upheld.errors import NotFound, Refusal
from upheld.ledger import Ledger, MonitorRow
from upheld.report.export import export
from upheld.report.verify import INTERNAL, all_faults
from upheld.report.witness import written

Evidence = dict[str, Any]


@dataclass(frozen=True)
class Received:
    """What a customer got, in a folder of theirs."""

    folder: Path

    @property
    def evidence(self) -> Evidence:
        found: Evidence = json.loads((self.folder / "evidence.json").read_text(encoding="utf-8"))
        return found

    def write(self, evidence: Evidence) -> None:
        text = json.dumps(evidence, ensure_ascii=False)
        (self.folder / "evidence.json").write_text(text, encoding="utf-8")

    def check(self, *words: str, exits: int = 0, python: str = sys.executable) -> str:
        """Run the script as somebody without Upheld would."""
        done = subprocess.run(
            [python, "-I", "-S", "verify.py", *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == exits, done.stdout + done.stderr
        assert done.stderr == ""
        return done.stdout


def exported(ledger: Ledger, folder: Path, customer: str = "acme") -> Received:
    with ledger.reading() as tx:
        export(tx, folder, site="test", customer=customer, now=0)
    return Received(folder)


@pytest.fixture
def received(life: Life, tmp_path: Path) -> Received:
    return exported(life.ledger, tmp_path / "evidence")


# --- by the script, in a clean folder -------------------------------------------------------------


def test_an_export_holds_against_the_head_that_was_kept(received: Received, kept: Path) -> None:
    told = received.check("--witness", str(kept))
    assert "3 cases of acme at test" in told
    assert "It holds. What was sealed up to seal 10" in told
    assert "internal, not shown to customers; digest and place of each are checked" in told


def test_without_a_witness_it_says_what_it_can_not_know(received: Received) -> None:
    told = received.check()
    assert "Without a witness, all of it could have been written anew" in told
    assert received.evidence["seals"][-1]["head"] in told


def test_another_head_than_the_one_that_was_kept_is_found(
    life: Life, received: Received, tmp_path: Path
) -> None:
    file = tmp_path / "mail.txt"
    file.write_text(written(life.heads[1]._replace(head="00" * 32)), encoding="utf-8")
    told = received.check("--witness", str(file), exits=1)
    assert "seal 2 is not the one that was witnessed" in told
    assert "It does not hold." in told


def test_a_tampered_export_is_found_by_the_script(received: Received, kept: Path) -> None:
    evidence = received.evidence
    first = evidence["cases"][0]
    first["events"][0]["payload"] = first["events"][0]["payload"].replace("note", "gift")
    received.write(evidence)
    told = received.check("--witness", str(kept), exits=1)
    assert f"WRONG  {first['case']}, event 1: the payload was edited" in told


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": "upheld-evidence-9"}'])
def test_what_can_not_be_read_is_told(received: Received, content: str) -> None:
    (received.folder / "evidence.json").write_text(content, encoding="utf-8")
    received.check(exits=2)


def test_words_it_does_not_know_print_how_it_is_used(received: Received, kept: Path) -> None:
    assert "python verify.py [--witness FILE]" in received.check("--what", exits=2)
    kept.write_text("no head", encoding="utf-8")
    assert "there is no head of a seal" in received.check("--witness", str(kept), exits=2)


@pytest.mark.skipif(which("python3.8") is None, reason="no Python 3.8 here")
def test_it_runs_on_the_oldest_python_that_it_promises(received: Received) -> None:
    runs = subprocess.run(["python3.8", "--version"], capture_output=True, check=False)
    if runs.returncode:
        pytest.skip("python3.8 is a name without a Python")
    received.check(python="python3.8")


# --- a case that was taken for another customer's ---------------------------------------------------


@pytest.fixture
def moved(tmp_path: Path) -> Received:
    """Northwind's case turns out to be Acme's, and Acme is answered."""
    url = f"sqlite:///{tmp_path / 'moved.db'}"
    Ledger.create(url)
    bodies: tuple[Body, ...] = (Restated(customer="acme"), PublicReply("It is yours, Acme."))
    with Ledger.open(url, site="test") as ledger:
        case = open_case(ledger, "northwind", NOW)
        for number, body in enumerate(bodies, 1):
            with ledger.transaction() as tx:
                tx.record(case, event(body, at=NOW + number), decide, now=NOW + number)
        return exported(ledger, tmp_path / "evidence")


def test_what_was_said_to_another_customer_is_kept_back(moved: Received) -> None:
    told = moved.check()
    assert "1 cases of acme" in told
    assert "of when the case was taken for another customer's" in told
    whole = json.dumps(moved.evidence)
    assert CANARY not in whole
    assert "It is yours, Acme." in whole


@pytest.mark.parametrize("kind", ["opened", "public_reply"])
def test_nothing_else_can_be_kept_back_as_anothers(received: Received, kind: str) -> None:
    evidence = received.evidence
    hidden = next(e for e in evidence["cases"][0]["events"] if e["kind"] == kind)
    del hidden["payload"], hidden["salt"]
    hidden["left_out"] = "another's"
    received.write(evidence)
    assert "the payload is gone, and nothing says why" in received.check(exits=1)


# --- whatever is done to it -----------------------------------------------------------------------


def _case(evidence: Evidence) -> Any:
    return evidence["cases"][0]


def _without(happened: Any, why: str) -> None:
    happened.pop("payload")
    happened["left_out"] = why


def _swap(events: list[Any]) -> None:
    events[0], events[1] = events[1], events[0]


TAMPERINGS: dict[str, Callable[[Evidence], object]] = {
    "an event taken out": lambda e: _case(e)["events"].pop(1),
    "the end cut off": lambda e: _case(e)["events"].pop(),
    "events moved": lambda e: _swap(_case(e)["events"]),
    "an event twice": lambda e: _case(e)["events"].insert(1, _case(e)["events"][0]),
    "an instant": lambda e: _case(e)["events"][0].update(at=1),
    "a kind": lambda e: _case(e)["events"][0].update(kind="closed"),
    "a payload with its digest": lambda e: _case(e)["events"][0].update(digest="00" * 32),
    "a payload that is gone": lambda e: _case(e)["events"][0].pop("payload"),
    "a payload called internal": lambda e: _without(_case(e)["events"][0], "internal"),
    "another salt": lambda e: _case(e)["events"][0].update(salt="00" * 16),
    "another case's name": lambda e: _case(e).update(case="C9"),
    "a leaf elsewhere": lambda e: _case(e)["leaves"][0].update(place=1),
    "a leaf of another event": lambda e: _case(e)["leaves"][0].update(seq=1),
    "a path": lambda e: _case(e)["leaves"][0]["path"].__setitem__(0, "00" * 32),
    "a seal's instant": lambda e: e["seals"][0].update(at=1),
    "a seal's root": lambda e: e["seals"][0].update(root="00" * 32),
    "a seal's head": lambda e: e["seals"][0].update(head="00" * 32),
    "a seal taken out": lambda e: e["seals"].pop(1),
}


@pytest.mark.parametrize("how", TAMPERINGS)
def test_whatever_is_changed_in_an_export_is_found(
    life: Life, received: Received, how: str
) -> None:
    evidence = received.evidence
    assert list(all_faults(evidence)) == []
    TAMPERINGS[how](evidence)
    assert faults_of(evidence)


def faults_of(evidence: Evidence) -> bool:
    try:
        return list(all_faults(evidence)) != []
    except (ValueError, LookupError):  # the script says that it can't be read, and exits with 2
        return True


def test_an_event_that_is_dated_back_is_found_in_an_export(received: Received) -> None:
    evidence = received.evidence
    case = _case(evidence)
    case["leaves"] = case["leaves"][-1:]
    assert any("put in after seal" in fault.what for fault in all_faults(evidence))


# --- what is in it, and what is not ---------------------------------------------------------------


def test_nothing_of_another_customer_is_in_it(life: Life, received: Received) -> None:
    everything = "".join(
        file.read_text(encoding="utf-8") for file in sorted(received.folder.iterdir())
    )
    assert CANARY not in everything
    assert "northwind" not in everything
    with life.ledger.reading() as tx:
        for case in life.of("northwind"):
            assert f'"{case}"' not in everything
            for stored in tx.stored(case):
                assert stored["digest"].hex() not in everything
                assert stored["link"].hex() not in everything
                assert f'"{stored["id"]}"' not in everything


def test_internal_notes_stay_here_and_their_place_in_the_chain_goes(received: Received) -> None:
    events = [event for case in received.evidence["cases"] for event in case["events"]]
    notes = [event for event in events if event["kind"] == "noted"]
    assert notes != []
    for note in notes:
        assert note["left_out"] == "internal"
        assert note.keys() & {"payload", "salt"} == set()
    assert f'"text":"{NOTE}' not in (received.folder / "evidence.json").read_text(encoding="utf-8")
    assert "our own words" in events[0]["payload"]


def test_what_is_internal_is_a_kind_of_event_and_an_answer_is_not() -> None:
    assert BODIES.keys() > INTERNAL
    assert INTERNAL & {"opened", "public_reply", "customer_message", "receipted"} == set()


def test_proofs_are_there_for_exactly_the_leaves_of_these_cases(
    life: Life, received: Received
) -> None:
    with life.ledger.reading() as tx:
        for case in received.evidence["cases"]:
            there = [(leaf["seal"], leaf["place"], leaf["seq"]) for leaf in case["leaves"]]
            assert there == [(x.seal, x.place, x.seq) for x in tx.seals_of(case["case"])]
        assert len(received.evidence["seals"]) == len(tx.seals())
    assert [case["case"] for case in received.evidence["cases"]] == life.of("acme")


def test_a_customer_without_cases_is_not_found(life: Life, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no cases of nobody"):
        exported(life.ledger, tmp_path / "none", "nobody")
    assert not (tmp_path / "none").exists()


def test_a_folder_with_something_in_it_is_left_alone(life: Life, received: Received) -> None:
    before = (received.folder / "evidence.json").read_bytes()
    with pytest.raises(Refusal, match="there is something in it already"):
        exported(life.ledger, received.folder, "northwind")
    assert (received.folder / "evidence.json").read_bytes() == before


# --- windows, monitors, advisories ------------------------------------------------------------------


def record(ledger: Ledger, subject: str, *bodies: Body) -> None:
    for number, body in enumerate(bodies):
        with ledger.transaction() as tx:
            tx.record(subject, event(body, at=NOW + number), watched, now=NOW + number)


def watched(subject: Subject, happened: Event) -> Decision:
    """As their deciders list them: with customer and title of the opening."""
    said = opening((*subject.facts, happened))
    listing = Listing(
        customer=said.customer if said else None, title=said.subject if said else "", opened=NOW
    )
    return Decision({}, listing=listing)


def begun(ledger: Ledger, kind: str, name: str, customer: str | None, *bodies: Body) -> str:
    with ledger.transaction() as tx:
        subject = tx.new_subject(kind, policy="p1", now=NOW)
    record(ledger, subject, Opened(kind, name, "", customer=customer), *bodies)
    return subject


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Ledger]:
    """What is watched of two customers, planned for them, and advised; a case of one of them."""
    url = f"sqlite:///{tmp_path / 'estate.db'}"
    Ledger.create(url)
    with Ledger.open(url, site="test") as ledger:
        open_case(ledger, "acme", NOW)
        begun(
            ledger,
            "window",
            "maintenance of www",
            "acme",
            WindowPlanned(("acme/www",), 1, 2, "UTC"),
        )
        begun(ledger, "window", CANARY, "northwind", WindowPlanned((CANARY,), 1, 2, "UTC"))
        begun(ledger, "monitor", "acme/www", "acme", Turned("down", "up", NOW, detail="no answer"))
        begun(ledger, "monitor", CANARY, "northwind", Turned("down", "up", NOW))
        begun(ledger, "monitor", "router", None, Turned("up", "unread", NOW))
        begun(ledger, "advisory", "CVE-1", None, Reported("acme/www", "1.0", "acme"))
        yield ledger


def whole(received: Received) -> str:
    return "".join(file.read_text(encoding="utf-8") for file in received.folder.iterdir())


def test_what_is_planned_watched_and_advised_of_theirs_goes_along(
    estate: Ledger, tmp_path: Path
) -> None:
    with estate.transaction() as tx:
        tx.seal(NOW + HOUR)
    received = exported(estate, tmp_path / "evidence")
    told = received.check()
    assert "1 cases, 1 windows, 1 monitors, 1 advisories of acme at test" in told
    assert "stay there" not in told
    chains = received.evidence["cases"]
    assert [(each["case"], each["kind"]) for each in chains] == [
        ("C1", "case"),
        ("W1", "window"),
        ("M1", "monitor"),
        ("A1", "advisory"),
    ]
    assert all(each["leaves"] for each in chains), "each is proved by a seal"
    assert "no answer" in whole(received)
    assert CANARY not in whole(received)


@pytest.mark.parametrize("kind", ["window", "monitor", "advisory"])
def test_an_event_of_these_that_was_changed_is_found(
    estate: Ledger, tmp_path: Path, kind: str
) -> None:
    with estate.transaction() as tx:
        tx.seal(NOW + HOUR)
    received = exported(estate, tmp_path / "evidence")
    evidence = received.evidence
    (chain,) = (each for each in evidence["cases"] if each["kind"] == kind)
    chain["events"][-1]["payload"] += " "
    received.write(evidence)
    assert f"{chain['case']}, event 2: the payload was edited" in received.check(exits=1)


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("M1", Provided("after", f"router, {CANARY}")),
        ("M1", Provided("backup_of", CANARY)),
        ("M1", Turned("down", "up", NOW, excuse=f"behind {CANARY}")),
        ("M1", Turned("down", "up", NOW, backups={CANARY: "up"})),
        ("A1", Reported(CANARY, "1.0", "northwind")),
        ("A1", Reported("router", "1.0", None)),
    ],
)
def test_what_names_another_customers_stays_and_says_so(
    estate: Ledger, tmp_path: Path, subject: str, body: Body
) -> None:
    record(estate, subject, body)
    received = exported(estate, tmp_path / "evidence")
    assert f"{subject} stay there: they name what is another customer's." in received.check()
    assert subject not in {each["case"] for each in received.evidence["cases"]}
    assert CANARY not in whole(received)


def test_what_names_a_machine_of_our_own_goes_along(estate: Ledger, tmp_path: Path) -> None:
    record(estate, "M1", Provided("after", "router"))
    received = exported(estate, tmp_path / "evidence")
    assert received.evidence["stay"] == []


def test_a_monitor_that_is_another_customers_by_now_stays(estate: Ledger, tmp_path: Path) -> None:
    with estate.transaction() as tx:
        tx.watch(MonitorRow("acme/www", "M1", "northwind", None, 0, Tally()))
    assert exported(estate, tmp_path / "acme").evidence["stay"] == ["M1"]
    assert "M1" not in whole(exported(estate, tmp_path / "northwind", "northwind"))


def test_a_customer_of_whom_something_is_watched_needs_no_case(
    estate: Ledger, tmp_path: Path
) -> None:
    received = exported(estate, tmp_path / "evidence", "northwind")
    assert "1 windows, 1 monitors of northwind at test" in received.check()
    assert "acme" not in whole(received)


# --- erasing, and what came after -----------------------------------------------------------------


@pytest.fixture
def own(tmp_path: Path) -> Any:
    """A ledger that the test may change."""
    url = f"sqlite:///{tmp_path / 'own.db'}"
    Ledger.create(url)
    with Ledger.open(url, site="test") as ledger:
        yield live(ledger, rounds=20)


def test_erasing_a_person_leaves_an_export_that_holds(own: Life, tmp_path: Path) -> None:
    case = own.of("acme")[0]
    with own.ledger.transaction() as tx:
        said = [e.id for e in tx.events(case) if e.kind in {"opened", "public_reply"}]
        assert tx.erase(case, said, now=own.witnessed_at + HOUR) == len(said)
    received = exported(own.ledger, tmp_path / "evidence")
    (tmp_path / "kept.txt").write_text(written(own.heads[-1]), encoding="utf-8")
    told = received.check("--witness", str(tmp_path / "kept.txt"))
    assert f"{len(said)} payloads are erased" in told
    first = received.evidence["cases"][0]["events"][0]
    assert (first["left_out"], "payload" in first, "salt" in first) == ("erased", False, False)


def test_what_is_not_sealed_yet_is_told(own: Life, tmp_path: Path) -> None:
    case, at = own.of("acme")[0], own.witnessed_at + 24 * HOUR
    with own.ledger.transaction() as tx:
        tx.seal(at)
    with own.ledger.transaction() as tx:
        tx.record(case, event(PublicReply("late"), at=at), decide, now=at)
        tx.record(case, event(Noted("later"), at=at), decide, now=at)
        last = tx.subject(case).seq - 1
    told = exported(own.ledger, tmp_path / "evidence").check()
    assert f"{case}: from event {last} on nothing is sealed yet" in told
