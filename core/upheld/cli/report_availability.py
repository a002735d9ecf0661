"""``upheld report --availability``: how long what is watched was up; as a table, as figures, as a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from upheld.cli.output import length, local, print_json, say, table

if TYPE_CHECKING:
    from upheld.calendar.instant import Instant
    from upheld.daemon.site import Site
    from upheld.report.availability import Availability, Target

BY: Final = ("monitor", "customer", "provider", "cause")
_FIGURES: Final = (
    "available",
    "watched",
    "up",
    "degraded",
    "down",
    "planned",
    "inconclusive",
    "outages",
    "longest",
)
_SPANS: Final = _FIGURES[1:7]
#: What a spreadsheet would take for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for; ``since`` and ``until`` as far as they are given."""

    by: str
    csv: Path | None
    svg: Path | None
    json: bool
    customer: str | None
    since: Instant | None
    until: Instant | None


def availability_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say how it is shown."""
    for option in reversed(
        (
            click.option(
                "--availability", is_flag=True, help="Instead: how long what is watched was up."
            ),
            click.option(
                "--by",
                type=click.Choice(BY),
                help="With --availability: a row for each of these, by month.",
            ),
            click.option(
                "--csv", type=_FILE, metavar="FILE", help="With --availability: figures, too."
            ),
            click.option(
                "--svg", type=_FILE, metavar="FILE", help="With --availability: a picture, by day."
            ),
        )
    ):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class _Shown:
    """The rows: for people, and in plain values under the same ``columns`` for machines."""

    columns: Sequence[str]
    cells: Sequence[Sequence[object]]
    plain: Sequence[Mapping[str, Any]]
    names: Sequence[str]
    empty: str


def show(site: Site, asked: Asked) -> None:
    """The report; what is written to files is said on standard error."""
    from upheld.report.availability import without_backup

    found, causes = _read(site, asked)
    shown = (
        _caused(found, causes) if asked.by == "cause" else _grouped(site, found, causes, asked.by)
    )
    alone = without_backup(found)
    _files(site, found, shown, asked)
    if asked.json:
        print_json({"by": asked.by, "availability": shown.plain, "without_backup": alone})
        return
    table(shown.columns, shown.cells, right=_FIGURES, empty=shown.empty)
    if alone:
        say(f"\nWithout a backup server, which is advised: {', '.join(alone)}.")


def _read(site: Site, asked: Asked) -> tuple[Sequence[Target], Mapping[str, str]]:
    from upheld.report.watched import causes, targets

    zones = {name: each.zone for name, each in site.directory.customers.items()}
    with site.ledger.reading() as tx:
        found = targets(
            tx,
            lambda customer: zones.get(customer or "", site.config.zone),
            site.clock.now(),
            customer=asked.customer,
            since=asked.since,
            until=asked.until,
        )
        watched = tuple(found)
        return watched, causes(tx, watched)


def _grouped(site: Site, found: Sequence[Target], causes: Mapping[str, str], by: str) -> _Shown:
    from upheld.report import availability as report

    groups = {"customer": report.by_customer, "provider": report.by_provider}
    rows = report.availability(found, causes, by=groups.get(by, report.by_target))
    return _Shown(
        ("month", by, *_FIGURES, "causes"),
        [tuple(_cells(_named(site, each) if by == "provider" else each)) for each in rows],
        [each.as_dict() for each in rows],
        [*(each.name for each in fields(report.Availability)), "available"],
        "nothing was watched",
    )


def _named(site: Site, row: Availability) -> Availability:
    from upheld.cli.monitor_lines import provided

    return replace(row, name=provided(site, row.name) or "")


def _cells(row: Availability) -> Iterator[object]:
    yield from (row.month, row.name, percent(row.available))
    yield from (length(span) if (span := getattr(row, name)) else "" for name in _SPANS)
    yield from (row.outages or "", length(row.longest) if row.longest else "")
    yield ", ".join(f"{cause} {length(span)}" for cause, span in row.causes.items())


def _caused(found: Sequence[Target], causes: Mapping[str, str]) -> _Shown:
    from upheld.report.availability import CauseShare, cause_shares

    rows = cause_shares(found, causes)
    return _Shown(
        ("month", "cause", "outages", "down", "longest"),
        [(r.month, r.cause, r.outages, length(r.down), length(r.longest)) for r in rows],
        [each.as_dict() for each in rows],
        [each.name for each in fields(CauseShare)],
        "nothing was down",
    )


def percent(share: float | None) -> str:
    """A share rounded down, since 100 % means that nothing was missing."""
    return "" if share is None else f"{int(round(share * 100_000, 3)) / 1000:.3f} %"


# --- files ------------------------------------------------------------------------------------------


def _files(site: Site, found: Sequence[Target], shown: _Shown, asked: Asked) -> None:
    if asked.csv is not None:
        _write(asked.csv, _csv(shown))
    if asked.svg is not None:
        from upheld.report.plot import plot

        _write(asked.svg, plot(found, _title(site, found)))


def _write(path: Path, text: str) -> None:
    from upheld.errors import Refusal

    try:
        path.write_text(text, "utf-8", newline="")
    except OSError as error:
        raise Refusal(
            f"{path} can't be written: {error.strerror}", do_next="name another file"
        ) from None
    click.echo(f"written to {path}", err=True)


def _title(site: Site, found: Iterable[Target]) -> str:
    stretches = [each for target in found for each in target.stretches]
    if not stretches:
        return "Availability"
    first = min(each.begins for each in stretches)
    last = max(each.ends for each in stretches)
    begins, ends = (local(at, site.config.zone)[:10] for at in (first, last - 1))
    return f"Availability from {begins} to {ends}"


def _csv(shown: _Shown) -> str:
    """Spans are seconds; causes and their seconds stand in one cell: ``hardware=3600; …``."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(shown.names)
    for row in shown.plain:
        writer.writerow([_cell(row[name]) for name in shown.names])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping):
        value = "; ".join(f"{cause}={seconds:g}" for cause, seconds in value.items())
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
