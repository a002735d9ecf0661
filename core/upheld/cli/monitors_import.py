"""``upheld monitors import``: targets of other systems, as they go into upheld.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from upheld.cli.app import App, for_machines, pass_app
from upheld.cli.output import print_json, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from upheld.config.monitors import MonitorEntry
    from upheld.daemon.site import Site
    from upheld.monitor.brought import Brought

#: A line is never broken.
_WIDE = 100_000
_COLUMNS = ("monitor", "customer", "kind", "probe", "asks", "line")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--customer", metavar="ID", help="Whose they are, where the file does not say.")
@click.option("--of", metavar="KIND", help="Their kind, where the file does not say.")
@click.option("--preview", is_flag=True, help="A table instead: what each would be.")
@click.option(
    "--write",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write them to FILE; at the end of an upheld.yaml that has no `monitors` yet, too.",
)
@for_machines
@pass_app
def imported(
    app: App, *, file: Path, customer: str | None, of: str | None, preview: bool, write: Path | None
) -> None:
    """Targets of FILE, a CSV or Prometheus's file_sd (JSON or YAML), as `monitors` of upheld.yaml.

    Whatever is no monitor is told with its line, and then nothing is written. What is watched already by
    that name is left out.
    """
    with app.site() as site:
        found = _read(site, file, {"customer": customer, "of": of})
        new = [each for each in found if each.name not in site.config.monitors]
    if app.json:
        print_json({"monitors": _block(new), "left_out": len(found) - len(new)})
    elif preview:
        table(_COLUMNS, map(_row, new), right=("line",), empty="nothing new")
    if write is not None:
        _write(write, _yaml(new))
    elif not (app.json or preview) and new:
        click.echo(_yaml(new), nl=False)
    _summary(file, found, new, write)


def _summary(
    file: Path, found: Sequence[Brought], new: Sequence[Brought], write: Path | None
) -> None:
    """On standard error: what is printed may go into a file."""
    known = len(found) - len(new)
    there = f", {known} of them watched already by that name: left out" if known else ""
    written = f"; written to {write}, see `upheld check`" if write else ""
    click.echo(f"{file.name}: {len(found)} targets{there}{written}", err=True)


def _read(site: Site, file: Path, given: Mapping[str, str | None]) -> tuple[Brought, ...]:
    from upheld.monitor.brought import checked
    from upheld.monitor.brought_csv import from_csv
    from upheld.monitor.brought_sd import from_file_sd
    from upheld.source import read

    if file.suffix.lower() in {".json", ".yaml", ".yml"}:
        found = from_file_sd(read(file))
    else:
        found = from_csv(_text(file), str(file))
    return checked(found, {key: value for key, value in given.items() if value}, _fits(site))


def _text(file: Path) -> str:
    from upheld.errors import ConfigError

    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("is not in UTF-8", where=str(file), do_next="save it as UTF-8") from None


def _fits(site: Site) -> Callable[[MonitorEntry], None]:
    """Refuses what names a customer who is none, or options that its probe does not take."""
    from functools import cache

    from upheld.config import validate_monitor
    from upheld.errors import ConfigError, UpheldError
    from upheld.plugin import Probe
    from upheld.registry import Registry
    from upheld.source import suggest

    @cache  # a file may hold thousands
    def plugin(name: str) -> type[Any]:
        try:
            return Registry.load([name]).plugin(name)
        except UpheldError as error:
            raise ConfigError(error.what, do_next=error.do_next) from error

    def fits(entry: MonitorEntry) -> None:
        customers = site.directory.customers
        if entry.customer is not None and entry.customer not in customers:
            raise ConfigError(
                f"{entry.name}: no customer {entry.customer!r}",
                do_next=suggest(entry.customer, customers),
            )
        if entry.probe is None:
            return
        probe = plugin(entry.probe)
        if not issubclass(probe, Probe):
            raise ConfigError(f"{entry.name}: {entry.probe!r} is no probe")
        validate_monitor(entry, probe.Config, site.config.document, site.config.vault)

    return fits


def _row(each: Brought) -> tuple[object, ...]:
    keys = each.keys
    kind, how = keys.get("of", "servers"), keys.get("probe") or f"fed by {keys.get('fed_by')}"
    return each.name, keys.get("customer"), kind, how, each.where, each.place.line


def _block(found: Iterable[Brought]) -> dict[str, dict[str, Any]]:
    return {each.name: dict(each.keys) for each in found}


def _yaml(found: Sequence[Brought]) -> str:
    """A line a monitor, as people write them."""
    from io import StringIO

    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    block, out, yaml = CommentedMap(), StringIO(), YAML()
    for name, keys in _block(found).items():
        block[name] = CommentedMap(keys)
        block[name].fa.set_flow_style()
    yaml.width = _WIDE
    yaml.dump({"monitors": block}, out)
    return out.getvalue()


def _write(file: Path, block: str) -> None:
    """Into a file of its own, or at the end of one that has none yet; never over what stands there."""
    from upheld.config import config_from
    from upheld.errors import Refusal
    from upheld.source import parse

    before = file.read_text("utf-8-sig") if file.exists() else ""
    if before:
        document = parse(before, str(file))
        if not isinstance(document.data, dict) or "monitors" in document.data:
            raise Refusal(
                f"{document.place('monitors')}: `monitors` stands there already",
                do_next="print them (without --write) and put them in by hand",
            )
    joined = (before if not before or before.endswith("\n") else f"{before}\n") + block
    if before:  # what it was must not become something that can't be read
        config_from(parse(joined, str(file)), file.parent)
    beside = file.with_name(f"{file.name}.new")
    beside.write_text(joined, "utf-8")
    beside.replace(file)
