"""``upheld report --availability``: from the facts of monitors to a table, to figures and to a picture."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.core.cli.conftest import Change, Terminal
from upheld.calendar.instant import parse
from upheld.case.events import UPHELD, Attached, Body, Event, Provided, Turned
from upheld.daemon.site import Site
from upheld.monitor.registration import register
from upheld.testing import SteppedClock

OCTOBER = ("--since", "2026-10-01 00:00", "--until", "2026-11-01 00:00")
WEB, SPARE, LINE = "acme/www.acme.example", "acme/spare.acme.example", "line"
CUSTOMER = """\
customers:
  acme:
    servers: [www.acme.example]
"""
OURS = """\
providers: {telco: {name: Telco}}
monitors:
  line: {of: servers, provider: telco, probe: tcp, host: line.example, port: 443}
"""


class Watching:
    """What monitors said, put on record at its time."""

    def __init__(self, terminal: Terminal) -> None:
        self.path = terminal.config
        self.clock = SteppedClock(parse("2026-09-30T22:00:00Z"))
        with Site.open(self.path, clock=self.clock) as site:
            register(site.records, site.watched)
            with site.ledger.transaction() as tx:
                for row in tx.monitors():
                    tx.land_monitor(replace(row, due=None))  # nothing is missing

    def fact(self, name: str, at: str, body: Body) -> None:
        """A fact of a monitor, or of a case."""
        when = parse(at)
        self.clock.forward_to(max(when, self.clock.now()))
        with Site.open(self.path, clock=self.clock) as site:
            records = site.records
            with site.ledger.transaction() as tx:
                rows = tx.monitors([name])
                subject = rows[0].subject if rows else name
                records.add(tx, subject, Event(f"{body.kind}@{at}", when, when, UPHELD, body))

    def turn(self, name: str, at: str, state: str, since: str = "", **more: str) -> None:
        body = Turned(state, "", parse(since or at), **more)  # type: ignore[arg-type]
        self.fact(name, at, body)


@pytest.fixture
def watching(upheld: Terminal, edit: Change) -> Watching:
    edit("customers:\n  acme:\n", CUSTOMER)
    edit("site: test\n", "site: test\nzone: Europe/Prague\n")
    upheld.config.write_text(upheld.config.read_text("utf-8") + OURS, "utf-8")
    return Watching(upheld)


@pytest.fixture
def october(watching: Watching, upheld: Terminal) -> Watching:
    """Two hours of outage across a Prague midnight, whose cause was found; the line's one was not."""
    for name in (WEB, LINE):
        watching.turn(name, "2026-09-30T22:00:00Z", "up")
    watching.turn(WEB, "2026-10-05T21:09:00Z", "down", "2026-10-05T21:00:00Z")
    watching.turn(WEB, "2026-10-05T23:00:00Z", "up", open_case="C1")
    watching.turn(LINE, "2026-10-20T10:00:00Z", "down")
    watching.turn(LINE, "2026-10-20T11:00:00Z", "up", open_case="C2")
    watching.fact("C1", "2026-10-06T08:00:00Z", Provided("cause", " customer  network "))
    return watching


@pytest.mark.usefixtures("october")
def test_each_server_has_its_month_with_the_causes(upheld: Terminal) -> None:
    told = upheld("report", "--availability", *OCTOBER).stdout
    head, web, line, *_ = told.splitlines()
    assert head.split()[:3] == ["month", "monitor", "available"]
    assert web.split()[:4] == ["2026-10", WEB, "99.731", "%"]
    assert "customer network 2 h" in web
    assert "not known 1 h" in line


@pytest.mark.usefixtures("october")
def test_machines_get_seconds(upheld: Terminal) -> None:
    found = upheld.json("report", "--availability", *OCTOBER)
    web, line = found["availability"]
    assert (web["down"], web["outages"], web["causes"]) == (7200, 1, {"customer network": 7200})
    assert web["watched"] == web["up"] + web["down"]
    assert line["customer"] is None
    assert found["by"] == "monitor"


@pytest.mark.usefixtures("october")
def test_by_customer_provider_and_cause(upheld: Terminal) -> None:
    def by(what: str) -> list[dict[str, object]]:
        found = upheld.json("report", "--availability", "--by", what, *OCTOBER)["availability"]
        assert isinstance(found, list)
        return found

    assert [(row["name"], row["down"]) for row in by("customer")] == [("acme", 7200)]
    assert [(row["name"], row["down"]) for row in by("provider")] == [("telco", 3600)]
    shown = upheld("report", "--availability", "--by", "provider", *OCTOBER).stdout
    assert "Telco (telco)" in shown, "people read its name"
    causes = [(row["cause"], row["outages"], row["down"]) for row in by("cause")]
    assert causes == [("customer network", 1, 7200), ("not known", 1, 3600)]
    assert (
        "customer network" in upheld("report", "--availability", "--by", "cause", *OCTOBER).stdout
    )


@pytest.mark.usefixtures("october")
def test_only_a_customers_own(upheld: Terminal) -> None:
    found = upheld.json("report", "--availability", "--customer", "acme", *OCTOBER)
    assert [row["name"] for row in found["availability"]] == [WEB]


def test_a_case_that_is_attached_has_its_parents_cause(october: Watching, upheld: Terminal) -> None:
    october.fact("C2", "2026-10-21T08:00:00Z", Attached("C1"))
    found = upheld.json("report", "--availability", "--by", "cause", *OCTOBER)
    assert [(row["cause"], row["outages"]) for row in found["availability"]] == [
        ("customer network", 2)
    ]


@pytest.mark.usefixtures("october")
def test_figures_go_to_a_file_that_a_spreadsheet_reads(upheld: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "october.csv"
    done = upheld("report", "--availability", "--csv", str(file), *OCTOBER)
    assert f"written to {file}" in done.stderr
    with file.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["name"], row["down"]) for row in rows] == [(WEB, "7200.0"), (LINE, "3600.0")]
    assert rows[0]["causes"] == "customer network=7200"


def test_a_cause_that_looks_like_a_formula_is_text(october: Watching, upheld: Terminal) -> None:
    october.fact("C2", "2026-10-21T08:00:00Z", Provided("cause", "=HYPERLINK(1)"))
    file = upheld.folder / "causes.csv"
    upheld("report", "--availability", "--by", "cause", "--csv", str(file), *OCTOBER)
    assert "'=HYPERLINK(1)" in file.read_text("utf-8")


@pytest.mark.usefixtures("october")
def test_a_picture_goes_to_a_file(upheld: Terminal) -> None:
    file = upheld.folder / "october.svg"
    upheld("report", "--availability", "--svg", str(file), *OCTOBER)
    svg = ET.parse(file).getroot()
    assert "Availability from 2026-10-01 to 2026-10-31" in "".join(svg.itertext())
    assert WEB in "".join(svg.itertext())


@pytest.mark.usefixtures("october")
def test_a_file_that_can_not_be_written_is_told(upheld: Terminal) -> None:
    words = ("report", "--availability", "--svg", str(upheld.folder / "no" / "where.svg"))
    assert "can't be written" in upheld(*words, exits=4).stderr


@pytest.mark.usefixtures("october")
def test_a_customer_with_one_server_is_told_to_be_without_a_backup(
    upheld: Terminal, edit: Change
) -> None:
    told = upheld("report", "--availability", *OCTOBER).stdout
    assert "Without a backup server, which is advised: acme." in told
    edit("[www.acme.example]", "[www.acme.example, {url: spare.acme.example, backup: true}]")
    Watching(upheld)
    assert upheld.json("report", "--availability", *OCTOBER)["without_backup"] == []
    assert "Without a backup" not in upheld("report", "--availability", *OCTOBER).stdout


def test_where_nothing_is_watched_it_says_so(upheld: Terminal) -> None:
    assert "nothing was watched" in upheld("report", "--availability").stdout
    done = upheld("report", "--availability", "--svg", str(upheld.folder / "none.svg"))
    assert done.exit_code == 0


def test_what_is_overdue_is_not_known(watching: Watching, upheld: Terminal) -> None:
    watching.turn(WEB, "2026-09-30T22:00:00Z", "up")
    with Site.open(watching.path, clock=watching.clock) as site, site.ledger.transaction() as tx:
        (row,) = tx.monitors([WEB])
        tx.land_monitor(replace(row, due=parse("2026-10-10T22:00:00Z")))
    (found,) = upheld.json("report", "--availability", *OCTOBER)["availability"]
    assert found["up"] == 10 * 86400
    assert found["inconclusive"] == found["watched"] - found["up"]


def test_it_is_one_report_at_a_time_and_details_belong_to_it(upheld: Terminal) -> None:
    assert "--availability" in upheld("report", "--availability", "--desks", exits=2).stderr
    for words in (["--by", "cause"], ["--csv", "a.csv"], ["--svg", "a.svg"]):
        assert "go with --availability" in upheld("report", *words, exits=2).stderr
