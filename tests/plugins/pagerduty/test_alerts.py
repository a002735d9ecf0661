"""By events: the incident that an event opens has no key, and which page it is stands on its alert.

"Incidents with child alerts do not have an incident key", says PagerDuty's own document; pdpyras#44 is of
people who looked for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
import responses
from pydantic import SecretStr

from tests.plugins.pagerduty.conftest import NOON
from tests.plugins.pagerduty.test_adapter import MESSAGE
from upheld.plugin import Ability, Address, Channel, Delivery, Receipt
from upheld.testing import ScratchContext, SteppedClock
from upheld_pagerduty.adapter import PagerDuty
from upheld_pagerduty.alerts import Alerts
from upheld_pagerduty.config import PagerDutyConfig
from upheld_pagerduty.rest import RestClient
from upheld_pagerduty.restapi import TOKEN
from upheld_pagerduty.simulator import PagerDutySimulator

ANN = Address(Channel.PAGE, "ann", "Ann Reyes")
API = "https://api.pagerduty.com"


def by_events(context: ScratchContext, far: PagerDutySimulator, **more: object) -> PagerDuty:
    urls = {"events_url": far.url, "api_url": far.url}
    return PagerDuty(PagerDutyConfig.model_validate({"key": far.key, **urls, **more}), context)


@pytest.fixture
def reading(context: ScratchContext, far: PagerDutySimulator) -> Iterator[PagerDuty]:
    """Pages by events, and reads back with a token."""
    pager = by_events(context, far, token=TOKEN)
    yield pager
    pager.close()


def told(pager: PagerDuty, cursor: str | None = None) -> list[tuple[str | None, Delivery, str]]:
    found = [each for each in pager.pull(cursor).items if isinstance(each, Receipt)]
    return [(each.handle, each.state, each.by.id if each.by else "") for each in found]


def test_pdpyras_44_whoever_answers_the_incident_of_an_event_is_heard(
    reading: PagerDuty, far: PagerDutySimulator, clock: SteppedClock
) -> None:
    far.rest.users["PANN001"] = "Ann Reyes"
    reading.send(MESSAGE, ANN, MESSAGE.thread)
    shown = far.rest.shown(far.incidents[0])
    assert "incident_key" not in shown
    clock.forward(minutes=1)
    far.acknowledge(MESSAGE.thread, by="PANN001")
    states = told(reading)
    assert [each[:2] for each in states] == [
        (MESSAGE.thread, Delivery.DELIVERED),
        (MESSAGE.thread, Delivery.ACKNOWLEDGED),
    ]
    assert states[-1][2] == "PANN001"


def test_what_may_have_gone_out_by_an_event_is_found(
    reading: PagerDuty, far: PagerDutySimulator
) -> None:
    reading.send(MESSAGE, ANN, MESSAGE.thread)
    found = reading.find(MESSAGE.thread, ANN, NOON - timedelta(hours=1)).found
    assert found is not None
    assert found.state is Delivery.DELIVERED
    lost = reading.find("another page", ANN, NOON - timedelta(hours=1))
    assert (lost.found, lost.conclusive) == (None, False), "it may still be on its way"


def test_an_incident_is_asked_for_its_alerts_once(
    reading: PagerDuty, far: PagerDutySimulator, exchanged: list[requests.Response]
) -> None:
    reading.send(MESSAGE, ANN, MESSAGE.thread)
    cursor = reading.pull(None).cursor
    far.acknowledge(MESSAGE.thread, by="PANN001")
    assert [state for _, state, _ in told(reading, cursor)] == [Delivery.ACKNOWLEDGED]
    asked = [
        each for each in exchanged if (each.request.url or "").endswith("alerts?limit=100&offset=0")
    ]
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("more", "hears"),
    [({}, False), ({"webhook_secrets": "s"}, False), ({"token": TOKEN}, True)],
    ids=["key alone", "webhook", "token"],
)
def test_by_events_only_a_token_tells_what_came_of_a_page(
    context: ScratchContext, far: PagerDutySimulator, more: dict[str, object], hears: bool
) -> None:
    pager = by_events(context, far, **more)
    assert (Ability.RECEIPTS in pager.abilities_with(pager.config)) is hears
    warned = [each for each in pager.check() if "nobody hears" in each.what]
    assert [each.do_next for each in warned] == ([] if hears else ["set `token`"])
    pager.close()


# --- several in one -----------------------------------------------------------------------------------


@pytest.fixture
def alerts() -> Alerts:
    session = requests.Session()
    return Alerts(RestClient(session, API, SecretStr("t"), None, 5))


def page(*keys: str | None, more: bool = False) -> dict[str, object]:
    at = {"type": "alert", "created_at": "2026-12-01T10:00:00Z"}
    found = [{"id": f"A{key}", "alert_key": key, **at} for key in keys if key]
    found += [{"id": "A", **at} for key in keys if key is None]
    return {"alerts": found, "limit": 100, "offset": 0, "more": more}


@responses.activate
def test_whoever_answers_several_that_were_grouped_answers_each(alerts: Alerts) -> None:
    responses.get(f"{API}/incidents/Q1/alerts", json=page("page-1", None, more=True))
    responses.get(f"{API}/incidents/Q1/alerts", json=page("page-2"))
    assert alerts.keys({"id": "Q1", "alert_counts": {"all": 3}}) == ("page-1", "page-2")


@responses.activate
def test_an_alert_that_is_added_is_seen(alerts: Alerts) -> None:
    responses.get(f"{API}/incidents/Q1/alerts", json=page("page-1"))
    responses.get(f"{API}/incidents/Q1/alerts", json=page("page-1", "page-2"))
    one, two = ({"id": "Q1", "alert_counts": {"all": count}} for count in (1, 2))
    assert [alerts.keys(each) for each in (one, one, two)] == [
        ("page-1",),
        ("page-1",),
        ("page-1", "page-2"),
    ]


@responses.activate
def test_a_list_that_comes_later_than_its_count_is_read_again(alerts: Alerts) -> None:
    responses.get(f"{API}/incidents/Q1/alerts", json=page())
    responses.get(f"{API}/incidents/Q1/alerts", json=page("page-1"))
    one = {"id": "Q1", "alert_counts": {"all": 1}}
    assert [alerts.keys(one) for _ in range(3)] == [(), ("page-1",), ("page-1",)]
    assert alerts.asked == 2, "what is whole is kept"


@responses.activate
def test_an_alert_without_a_key_counts_as_read(alerts: Alerts) -> None:
    responses.get(f"{API}/incidents/Q1/alerts", json=page("page-1", None))
    two = {"id": "Q1", "alert_counts": {"all": 2}}
    assert [alerts.keys(two) for _ in range(2)] == [("page-1",)] * 2
    assert alerts.asked == 1


@responses.activate
def test_an_alert_that_does_not_say_since_when_is_of_no_moment(alerts: Alerts) -> None:
    found = {"alerts": [{"id": "A1", "type": "alert", "alert_key": "page-1"}], "more": False}
    responses.get(f"{API}/incidents/Q1/alerts", json=found)
    one = {"id": "Q1", "alert_counts": {"all": 1}}
    assert (alerts.keys(one), alerts.keys(one, NOON)) == (("page-1",), ())


@responses.activate
def test_an_incident_that_is_gone_or_was_made_by_hand_is_of_no_page(alerts: Alerts) -> None:
    responses.get(f"{API}/incidents/Q1/alerts", json=page())
    responses.get(f"{API}/incidents/Q2/alerts", json={"error": {"code": 2100}}, status=404)
    assert [alerts.keys(each) for each in ({"id": "Q1"}, {"id": "Q2"}, {})] == [(), (), ()]
