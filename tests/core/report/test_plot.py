"""The picture of availability: a row for each, a bar a day, nothing too small to be seen."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tests.core.report.watching import life, target, turned
from upheld.report.plot import MOST_DAYS, plot
from upheld.report.uptime import Stretch

SVG = "{http://www.w3.org/2000/svg}"
RED, GREEN, BLUE = "#d55e00", "#7fd0b3", "#56b4e9"


def lived(until: str = "2026-11-05 00:00") -> list[Stretch]:
    """Two days, of which one minute was down; and one of which half was planned."""
    return life(
        turned("2026-11-01 00:00", "up"),
        turned("2026-11-02 10:00", "down"),
        turned("2026-11-02 10:01", "up"),
        turned("2026-11-03 00:00", "down", excuse="window W1"),
        turned("2026-11-03 12:00", "up"),
        until=until,
    )


def drawn(text: str) -> ET.Element:
    return ET.fromstring(text)


def texts(svg: ET.Element) -> list[str]:
    return [each.text or "" for each in svg.iter(f"{SVG}text")]


def bars(svg: ET.Element, fill: str) -> list[ET.Element]:
    return [
        box for g in svg.iter(f"{SVG}g") for box in g.iter(f"{SVG}rect") if box.get("fill") == fill
    ]


def test_each_has_a_row_with_its_name_and_its_share() -> None:
    svg = drawn(plot([target("web", lived()), target("mail", lived())], "Availability"))
    told = texts(svg)
    assert [each for each in told if each in {"web", "mail"}] == ["mail", "web"]
    assert told.count("99.98 %") == 2


def test_a_minute_is_seen() -> None:
    (red,) = bars(drawn(plot([target("web", lived())], "")), RED)
    assert float(red.get("height", 0)) == 3


def test_half_a_day_is_half_a_bar() -> None:
    (blue,) = bars(drawn(plot([target("web", lived())], "")), BLUE)
    assert float(blue.get("height", 0)) == 9


def test_days_that_were_well_are_one_bar_and_each_says_what_it_shows() -> None:
    svg = drawn(plot([target("web", lived("2026-11-20 00:00"))], ""))
    said = [title.text for g in svg.iter(f"{SVG}g") for title in g.iter(f"{SVG}title")]
    assert said == [
        "web 2026-11-01: up 1 d",
        "web 2026-11-02: up 23 h 59 min, down 1 min",
        "web 2026-11-03: up 12 h, planned maintenance 12 h",
        "web 2026-11-04 to 2026-11-19: up 16 d",
    ]


def test_the_short_day_of_spring_is_a_full_bar() -> None:
    found = life(turned("2026-03-28 00:00", "up"), until="2026-03-31 00:00")
    (green,) = bars(drawn(plot([target("web", found)], "")), GREEN)
    assert float(green.get("height", 0)) == 18


def test_the_legend_names_every_colour_and_the_months_stand_above() -> None:
    told = texts(drawn(plot([target("web", lived())], "From then to then")))
    for name in ("up", "degraded", "down", "planned maintenance", "inconclusive", "not watched"):
        assert name in told
    assert {"From then to then", "2026-11", "available"} <= set(told)


def test_more_than_a_year_shows_its_last_days() -> None:
    found = life(turned("2020-01-01 00:00", "up"), until="2026-11-05 00:00")
    svg = drawn(plot([target("web", found)], ""))
    (green,) = bars(svg, GREEN)
    assert float(green.get("width", 0)) == 3 * MOST_DAYS


def test_names_of_others_are_text_and_long_ones_are_cut() -> None:
    text = plot([target("<script>" + "x" * 40, lived())], "a & b")
    assert "<script>" not in text
    assert any(each.endswith("…") for each in texts(drawn(text)))


def test_customers_stand_together_and_our_own_last() -> None:
    rows = [
        target("a-line", lived()),
        target("z", lived(), customer="acme"),
        target("b", lived(), customer="globex"),
    ]
    told = [each for each in texts(drawn(plot(rows, ""))) if each in {"a-line", "z", "b"}]
    assert told == ["z", "b", "a-line"]


def test_where_nothing_was_watched_it_says_so() -> None:
    assert "nothing was watched" in texts(drawn(plot([], "Availability")))
