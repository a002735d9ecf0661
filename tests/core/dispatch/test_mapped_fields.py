"""Fields through a connection's map: labels of others stay, and what may not be overwritten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.dispatch.scene import OPENED, Site
from tests.core.dispatch.test_fields import PEOPLE, cycle, item
from tests.core.sync.test_fieldmap import mapped
from upheld.case.events import Flagged, Restated, SeveritySet
from upheld.plugin import FieldSpec, Schema
from upheld.testing.tracker import ScriptedTracker

MAP = """\
severity: {field: Priority, values: {Highest: 1, High: 2, Medium: 2}}
title: {field: summary, overwrite: false}
vip: {label: vip}
"""


class Labelled(ScriptedTracker):
    """Its fields are called as on many trackers."""

    def schema(self) -> Schema:
        return Schema(tuple(FieldSpec(n, n) for n in ("Priority", "summary", "labels")), ("open",))


@pytest.fixture
def mapped_site(either: Site) -> Site:
    either.tracker = either.connect("jira", Labelled)
    either.trackers.maps = {"jira": mapped(MAP)}
    fields = {"Priority": "Medium", "summary": "As typed", "labels": ("theirs",)}
    there = either.tracker.open(PEOPLE, "x", **fields)
    case = either.case(opened=replace(OPENED, enforced_from=either.clock.now()))
    with either.ledger.transaction() as tx:
        tx.link(case, "jira", remote_id=there.ref.id, key=there.ref.key, mirrored=9)
    cycle(either)
    either.tracker.writes = 0
    return either


def test_labels_of_others_stay(mapped_site: Site) -> None:
    mapped_site.fact("C1", Flagged("vip"))
    assert cycle(mapped_site) == 1
    assert set(item(mapped_site).fields["labels"]) == {"theirs", "vip"}  # type: ignore[arg-type]
    mapped_site.fact("C1", Flagged("vip", on=False))
    assert cycle(mapped_site) == 1
    assert item(mapped_site).fields["labels"] == ("theirs",)


def test_the_first_word_that_means_it_is_written(mapped_site: Site) -> None:
    mapped_site.fact("C1", SeveritySet(1))
    cycle(mapped_site)
    assert item(mapped_site).fields["Priority"] == "Highest"
    mapped_site.fact("C1", SeveritySet(2))
    cycle(mapped_site)
    assert item(mapped_site).fields["Priority"] == "High"


def test_what_stands_there_and_may_not_be_overwritten_stays(mapped_site: Site) -> None:
    mapped_site.fact("C1", Restated(title="As we call it"))
    cycle(mapped_site)
    assert item(mapped_site).fields["summary"] == "As typed"
    assert cycle(mapped_site) == 0
