"""Availability as a picture (SVG): a row for each that is watched, a bar a day, full where it was up.

What kept it from being up stands at the foot of the bar and is never too small to be seen. Every bar says
what it shows when it is pointed at. Colours are those of Okabe and Ito, which people who see colours
otherwise can tell apart too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final
from xml.etree import ElementTree as ET

from upheld.calendar.instant import DAY, HOUR, Span
from upheld.report.availability import Target, days, pieces
from upheld.report.sentences import length
from upheld.report.uptime import Health

#: More days than these are not told apart any more: the last ones are shown.
MOST_DAYS: Final = 366
_LEFT, _RIGHT, _TOP = 230, 80, 92
_ROW, _BAR, _LEAST = 26, 18, 3
_WIDTH, _NARROWEST, _WIDEST = 1100, 3, 26
#: The shortest day of a wall still fills its bar.
_SHORTEST: Final[Span] = 23 * HOUR
#: From the foot of a bar up.
_COLOURS: Final[Mapping[Health, str]] = {
    Health.DOWN: "#d55e00",
    Health.DEGRADED: "#f0c000",
    Health.PLANNED: "#56b4e9",
    Health.INCONCLUSIVE: "#9a9a9a",
    Health.UP: "#7fd0b3",
}
_NAMES: Final[Mapping[Health, str]] = {
    Health.UP: "up",
    Health.DEGRADED: "degraded",
    Health.DOWN: "down",
    Health.PLANNED: "planned maintenance",
    Health.INCONCLUSIVE: "inconclusive",
}
_EMPTY: Final = "#f1f1f1"
_SVG: Final = "http://www.w3.org/2000/svg"
_FONT: Final = "font-family: system-ui, 'Helvetica Neue', Arial, sans-serif; font-size: 12px"

Day = Counter[Health]


@dataclass(frozen=True, slots=True)
class _Row:
    """One that is watched, day by day."""

    name: str
    days: Mapping[str, Day]

    @property
    def available(self) -> str:
        total: Day = sum(self.days.values(), Counter())
        well = total[Health.UP] + total[Health.DEGRADED]
        known = well + total[Health.DOWN]
        # Rounded down: 100 % means that nothing was missing.
        return f"{int(well * 10_000 / known) / 100:.2f} %" if known else "-"


@dataclass(frozen=True, slots=True)
class _Chart:
    """Where on the picture the days are."""

    svg: ET.Element
    labels: Sequence[str]
    rows: int

    @property
    def cell(self) -> int:
        """How wide a day is."""
        return max(_NARROWEST, min(_WIDEST, _WIDTH // max(1, len(self.labels))))

    @property
    def right(self) -> int:
        return _LEFT + self.cell * len(self.labels)

    @property
    def foot(self) -> int:
        return _TOP + self.rows * _ROW - (_ROW - _BAR)

    @property
    def size(self) -> dict[str, str]:
        wide, high = max(self.right + _RIGHT, 660), self.foot + 20
        size = {"width": str(wide), "height": str(high), "viewBox": f"0 0 {wide} {high}"}
        return {"xmlns": _SVG, **size, "style": _FONT, "role": "img"}


def plot(targets: Iterable[Target], title: str) -> str:
    """The picture, as a document of its own."""
    rows = _rows(targets)
    labels = _labels(rows)
    chart = _Chart(ET.Element("svg"), labels, len(rows))
    svg = chart.svg
    svg.attrib.update(chart.size)
    ET.SubElement(svg, "title").text = title
    ET.SubElement(svg, "rect", width="100%", height="100%", fill="white")
    _text(svg, 16, 26, title, style="font-size: 16px; font-weight: 600")
    _legend(svg)
    for number, row in enumerate(rows):
        _bars(chart, row, _TOP + number * _ROW)
    _grid(chart)
    if rows:
        _text(svg, chart.right + 10, _TOP - 3, "available", style="font-size: 10px")
    else:
        _text(svg, 16, _TOP, "nothing was watched")
    ET.indent(svg, space="")
    return ET.tostring(svg, encoding="unicode") + "\n"


def _rows(targets: Iterable[Target]) -> list[_Row]:
    found: defaultdict[tuple[bool, str, str], defaultdict[str, Day]] = defaultdict(
        lambda: defaultdict(Counter)
    )
    for target in targets:
        for label, piece in pieces(target, days):
            if piece.health is not Health.UNWATCHED:
                found[_place(target)][label][piece.health] += piece.length
    return [_Row(name, shown) for (*_, name), shown in sorted(found.items())]


def _place(target: Target) -> tuple[bool, str, str]:
    """Customers one after the other, what is our own last."""
    return target.customer is None, target.customer or "", target.name


def _labels(rows: Sequence[_Row]) -> list[str]:
    """Every day from the first to the last; the last of too many."""
    known = [label for row in rows for label in row.days]
    if not known:
        return []
    first, last = date.fromisoformat(min(known)), date.fromisoformat(max(known))
    first = max(first, last - timedelta(days=MOST_DAYS - 1))
    count = (last - first).days + 1
    return [(first + timedelta(days=number)).isoformat() for number in range(count)]


def _legend(svg: ET.Element) -> None:
    x = 16
    for health, name in (*_NAMES.items(), (None, "not watched")):
        fill = _COLOURS[health] if health else _EMPTY
        _box(svg, x, 40, 12, 12, fill)
        _text(svg, x + 17, 50, name)
        x += 38 + round(6.5 * len(name))


def _grid(chart: _Chart) -> None:
    """The days apart from each other, a line and a name where a month begins, days where there is room."""
    x, cell = _LEFT, chart.cell
    for number in range(1, len(chart.labels) if cell > _NARROWEST else 0):
        _box(chart.svg, _LEFT + number * cell - 1, _TOP, 1, chart.foot - _TOP, "white")
    for month, group in groupby(chart.labels, key=lambda label: label[:7]):
        count = len(list(group))
        if x > _LEFT:
            _box(chart.svg, x - 1, _TOP - 26, 1, chart.foot - _TOP + 30, "#bbbbbb")
        if count * cell >= 58:
            _text(chart.svg, x + 3, _TOP - 16, month, style="font-weight: 600")
        x += count * cell
    for number, label in enumerate(chart.labels if cell >= 5 else ()):
        if cell >= 16 or int(label[8:]) % 7 == 1:
            middle, day = _LEFT + number * cell + cell / 2, label[8:].lstrip("0")
            _text(chart.svg, middle, _TOP - 3, day, anchor="middle", style="font-size: 9px")


def _bars(chart: _Chart, row: _Row, top: int) -> None:
    """Days that were well, or not watched, are drawn as one where they follow each other."""
    svg, cell = chart.svg, chart.cell
    name = row.name if len(row.name) <= 32 else f"{row.name[:31]}…"
    _text(svg, _LEFT - 10, top + _BAR - 4, name, anchor="end")
    _box(svg, _LEFT, top, chart.right - _LEFT, _BAR, _EMPTY)
    drawn = [(label, tuple(_parts(row.days.get(label, Counter())))) for label in chart.labels]
    x = _LEFT
    for parts, group in groupby(drawn, key=lambda each: each[1]):
        alike = [label for label, _ in group]
        for run in [alike] if parts in _DULL else [[label] for label in alike]:
            if parts:
                bar = ET.SubElement(svg, "g")
                ET.SubElement(bar, "title").text = _said(row, run)
                for y, high, fill in parts:
                    _box(bar, x, round(top + _BAR - y - high, 1), cell * len(run), high, fill)
            x += cell * len(run)
    figures = "font-variant-numeric: tabular-nums"
    _text(svg, chart.right + 10, top + _BAR - 4, row.available, style=figures)


def _parts(day: Day) -> Iterator[tuple[float, float, str]]:
    """Where each part of a bar stands above its foot, how high it is, its colour."""
    rest = sum(_height(health, day[health]) for health in _COLOURS if health is not Health.UP)
    y = 0.0
    for health, fill in _COLOURS.items():
        room = _BAR - (rest if health is Health.UP else y)
        high = round(min(_height(health, day[health]), room), 1)
        if high > 0:
            yield y, high, fill
            y += high


#: What there is nothing to tell of, day for day.
_DULL: Final = ((), ((0.0, float(_BAR), _COLOURS[Health.UP]),))


def _height(health: Health, span: Span) -> float:
    if not span:
        return 0.0
    high = float(_BAR) if span >= _SHORTEST else span / DAY * _BAR
    return high if health is Health.UP else max(float(_LEAST), high)


def _said(row: _Row, run: Sequence[str]) -> str:
    """What a bar shows."""
    when = run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}"
    spans: Day = sum((row.days[label] for label in run), Counter())
    told = ", ".join(
        f"{name} {length(spans[health])}" for health, name in _NAMES.items() if spans[health]
    )
    return f"{row.name} {when}: {told}"


def _box(parent: ET.Element, x: float, y: float, wide: float, high: float, fill: str) -> None:
    given = {"x": x, "y": y, "width": wide, "height": high}
    ET.SubElement(parent, "rect", {name: f"{each:g}" for name, each in given.items()}, fill=fill)


def _text(
    parent: ET.Element, x: float, y: float, text: str, *, anchor: str = "start", style: str = ""
) -> None:
    given = {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor, "fill": "#222222"}
    ET.SubElement(parent, "text", given | ({"style": style} if style else {})).text = text
