"""customers.csv: one row a contact or a system (or both), several rows a customer."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from upheld.directory.build import WrittenCustomer
from upheld.directory.rows import rows
from upheld.directory.written import CustomerEntry
from upheld.errors import ConfigError, Place

#: Columns that say something of the customer; only the first row of one has to fill them.
CUSTOMER_COLUMNS: Final = (
    "name",
    "kind",
    "zone",
    "language",
    "desk",
    "plan",
    "plan_from",
    "plan_until",
    "agreement",
    "agreement_from",
    "agreement_until",
    "domains",
    "servers",
)
CONTACT_COLUMNS: Final = ("contact_name", "contact_mail", "contact_phone", "contact_roles")
SYSTEM_COLUMNS: Final = (
    "system",
    "system_words",
    "system_plan",
    "system_from",
    "system_until",
)
COLUMNS: Final = ("id", *CUSTOMER_COLUMNS, *CONTACT_COLUMNS, *SYSTEM_COLUMNS)


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: Mapping[str, str]


def read_customers(path: Path) -> tuple[WrittenCustomer, ...]:
    """The customers of a CSV file in UTF-8, with commas or semicolons.

    Lists in a cell (domains, servers, roles) are separated by spaces, or by whichever of ``;``
    and ``,`` does not separate the columns. ``ConfigError`` holds all problems, with their lines.
    """
    by_id: dict[str, list[_Row]] = {}
    for row in tuple(_rows(_text(path), str(path))):
        by_id.setdefault(row.cells["id"], []).append(row)
    found: list[WrittenCustomer] = []
    problems: list[ConfigError] = []
    for name, its in by_id.items():
        try:
            found.append(_customer(name, its, str(path)))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError.several(tuple(problems))
    return tuple(found)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"can't be read: {error.strerror}", where=str(path), do_next="check path and rights"
        ) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = Place(str(path), raw.count(b"\n", 0, error.start) + 1)
        raise ConfigError("is not in UTF-8", where=place, do_next="save it as UTF-8") from None


def _rows(text: str, file: str) -> Iterator[_Row]:
    for line, cells in rows(text, file, _header, begin_with=",".join(COLUMNS)):
        filled = {name: cell.strip() for name, cell in cells.items()}
        if not filled["id"]:
            place = Place(file, line)
            raise ConfigError("has no id", where=place, do_next="each row names its customer")
        yield _Row(line, filled)


def _header(cells: list[str], place: Place) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    for name in header:
        if name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(COLUMNS)}"
            raise ConfigError(f"unknown column {name!r}", where=place, do_next=hint)
        if header.count(name) > 1:
            raise ConfigError(f"column {name!r} stands twice", where=place)
    if "id" not in header:
        raise ConfigError("has no column `id`", where=place)
    return header


def _customer(name: str, rows: list[_Row], file: str) -> WrittenCustomer:
    own = _own(name, rows, file)
    with_contact, with_system = _filled(rows, CONTACT_COLUMNS), _filled(rows, SYSTEM_COLUMNS)
    written = _written(own) | {
        "contacts": [_contact(row.cells) for row in with_contact],
        "systems": [_system(row.cells) for row in with_system],
    }
    try:
        entry = CustomerEntry.model_validate(written)
    except ValidationError as error:
        lines = {
            "contacts": [row.line for row in with_contact],
            "systems": [row.line for row in with_system],
        }
        raise ConfigError.several(tuple(_problems(error, rows[0].line, lines, file))) from None
    return WrittenCustomer(name, entry, Place(file, rows[0].line))


def _filled(rows: list[_Row], columns: tuple[str, ...]) -> list[_Row]:
    return [row for row in rows if any(row.cells.get(key) for key in columns)]


def _own(name: str, rows: list[_Row], file: str) -> dict[str, str]:
    """What the rows say of the customer; later rows leave it out or repeat it."""
    said: dict[str, tuple[str, int]] = {}
    for row in rows:
        for column in CUSTOMER_COLUMNS:
            value = row.cells.get(column)
            if not value:
                continue
            first, line = said.setdefault(column, (value, row.line))
            if first != value:
                raise ConfigError(
                    f"{column} of customer {name!r} is {value!r} here and {first!r} in line {line}",
                    where=Place(file, row.line),
                    do_next="say it in the first row of the customer, and leave it out below",
                )
    return {column: value for column, (value, _) in said.items()}


def _written(own: Mapping[str, str]) -> dict[str, Any]:
    """The cells in the shape in which a customer stands in upheld.yaml."""
    simple = {key: own[key] for key in ("name", "kind", "zone", "language", "desk") if key in own}
    lists = {key: _split(own[key]) for key in ("domains", "servers") if key in own}
    plan = _term("plan", "plan", own)
    return simple | lists | plan | _term("agreement", "policy", own)


def _term(column: str, key: str, own: Mapping[str, str]) -> dict[str, Any]:
    cells = {key: column, "from": f"{column}_from", "until": f"{column}_until"}
    term = {name: own[cell] for name, cell in cells.items() if cell in own}
    return {column: [term]} if term else {}


def _contact(cells: Mapping[str, str]) -> dict[str, Any]:
    given = {
        key: cells[f"contact_{key}"] for key in ("mail", "phone") if cells.get(f"contact_{key}")
    }
    roles = _split(cells.get("contact_roles", ""))
    name = cells.get("contact_name") or given.get("mail") or given.get("phone", "")
    return {"name": name, **given, **({"is": roles} if roles else {})}


def _system(cells: Mapping[str, str]) -> dict[str, Any]:
    keys = {
        "system": "system",
        "plan": "system_plan",
        "from": "system_from",
        "until": "system_until",
    }
    given = {key: cells[column] for key, column in keys.items() if cells.get(column)}
    words = _split(cells.get("system_words", ""))
    return given | ({"words": words} if words else {})


def _split(cell: str) -> list[str]:
    return [part for part in re.split(r"[;,\s]+", cell) if part]


def _problems(
    error: ValidationError, first: int, lines: Mapping[str, list[int]], file: str
) -> Iterator[ConfigError]:
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        match each["loc"]:
            case ("contacts", int(number), *rest):
                line = lines["contacts"][number]
                column = "_".join(["contact", *map(str, rest[:1])])
            case ("systems", int(number), *rest):
                line = lines["systems"][number]
                column = "_".join(["system", *(str(each) for each in rest[:1] if each != "system")])
            case (str(name), *rest):
                line, column = first, _column(name, rest)
            case _:
                line, column = first, "row"
        message = each["msg"].removeprefix("Value error, ")
        yield ConfigError(f"{column.replace('_is', '_roles')}: {message}", where=Place(file, line))


def _column(name: str, rest: list[Any]) -> str:
    """The column that a key of an entry was read from: ``plan, 0, until`` is ``plan_until``."""
    last = rest[-1] if rest else None
    return f"{name}_{last}" if last in {"from", "until"} else name
