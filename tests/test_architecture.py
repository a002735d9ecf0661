"""The shape of the code: who imports whom, how long things are, how named, who looks at the clock."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.repository import (
    CORE,
    PLUGINS,
    ROOT,
    all_python_files,
    plugin_names,
    pyproject,
    python_files,
    short,
)

#: Lines of a function without its docstring; of a file with everything.
MEDIAN, MOST, LONGEST_FILE = 7, 25, 400

COMPLEXITY = 8
#: Ruff's rules of complexity: branches, returns, statements. Arguments may be many by name.
LENIENT = re.compile(r"C9|PLR091[125]")
LET_OFF = re.compile(r"# noqa: [^#]*\b(C901|PLR091[125])\b")

#: Declarations, one after the other: cutting them up would hide that they belong together.
LONG_FILES = {
    "core/upheld/plugin.py": "the whole surface for an integrator is one module",
    "core/upheld/case/events.py": "every kind of event, data only",
}
#: What plugins may see of us.
SURFACE = {
    "upheld.json_path",
    "upheld.plugin",
    "upheld.simulator",
    "upheld.sms",
    "upheld.transport",
    "upheld.webhooks",
}
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}

#: Policy time is passed in. These alone may read the machine's clock.
CLOCKS = {
    "core/upheld/clock.py": "the clock that is passed in",
    "core/upheld/cli/init.py": "the day on which a file is written, which a person reads and edits",
    "core/upheld/ledger/machine.py": "leases and back-off are machine time",
    "plugins/alertmanager/upheld_alertmanager/conformance.py": "a real Alertmanager tells of what has been",
    "plugins/email/upheld_email/conformance.py": "a real server takes no mail from the future",
    "core/upheld/transport.py": "an HTTP date of Retry-After is real time",
    "plugins/pagerduty/upheld_pagerduty/client.py": "an HTTP date of Retry-After is real time",
    "plugins/probes/upheld_probes/reading.py": "a target lives in real time, and its certificates",
    "plugins/remedy/upheld_remedy/client.py": "an HTTP date of Retry-After is real time",
}
NOW = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
    ("func", "now"),
}

#: Seconds are lost by each of these before the first word is printed.
HEAVY = {
    "alembic",
    "imap_tools",
    "jinja2",
    "jira",
    "requests",
    "rich",
    "ruamel",
    "sqlalchemy",
    "upheld.daemon",
    "upheld.ledger",
}


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_bytes())


# --- imports --------------------------------------------------------------------------------------


def test_imports_keep_their_contracts() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def contract(name: str) -> dict[str, list[str]]:
    found = {each["name"]: each for each in pyproject()["tool"]["importlinter"]["contracts"]}
    picked: dict[str, list[str]] = found[name]
    return picked


def rooms() -> set[str]:
    """The modules and packages right under ``upheld``."""
    names = {path.stem for path in CORE.iterdir() if path.suffix == ".py" or path.is_dir()}
    return {f"upheld.{name}" for name in names if not name.startswith("__")}


def layers() -> list[str]:
    """Every room that has its place in the one order of imports; brackets are rooms to come."""
    order = contract("Imports point one way")["layers"]
    return [room.strip() for layer in order for room in layer.split("|")]


def test_every_room_has_its_layer_and_only_rooms_to_come_are_in_brackets() -> None:
    to_come = {room for room in layers() if room.startswith("(")}
    assert sorted(set(layers()) - to_come) == sorted(rooms())
    assert {room.strip("()") for room in to_come} & rooms() == set()


@pytest.mark.parametrize(
    "name", ["Plugins see upheld.plugin alone", "The plugin surface stands alone"]
)
def test_no_room_is_forgotten_by_a_contract(name: str) -> None:
    surface = {*SURFACE, "upheld.errors"}
    assert set(contract(name)["forbidden_modules"]) == rooms() - surface


def test_every_plugin_is_under_contract() -> None:
    modules = {f"upheld_{name}" for name in plugin_names()}
    assert set(contract("Plugins see upheld.plugin alone")["source_modules"]) == modules
    assert set(contract("Plugins do not see each other")["modules"]) == modules


def imported(file: Path) -> Iterator[str]:
    """What a file imports, wherever in it; relative imports with their package left out."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def seen_by(file: Path) -> set[str]:
    """What a plugin's file may see of us; the contract that it inherits is in a file of its own."""
    kit = {"upheld.testing", "upheld.testing.kit"} if file.name == "conformance.py" else set()
    return SURFACE | kit


def test_a_plugin_and_its_simulator_import_the_surface_alone() -> None:
    wrong = [
        f"{short(file)}: {name}"
        for file in sorted(PLUGINS.rglob("*.py"))
        for name in imported(file)
        if name.split(".")[0] == "upheld" and name not in seen_by(file)
    ]
    assert wrong == []


def test_the_core_imports_no_plugin() -> None:
    """It finds them by the registry, as it finds anyone's; only the demo starts simulators by name."""
    wrong = [
        f"{short(file)}: {name}"
        for file in sorted(CORE.rglob("*.py"))
        for name in imported(file)
        if name.startswith("upheld_") and not short(file).startswith("core/upheld/demo")
    ]
    assert wrong == []


def test_every_dependency_is_imported_somewhere() -> None:
    declared = {
        "charset-normalizer": "charset_normalizer",
        "dnspython": "dns",
        "flufl.bounce": "flufl",
        "mail-parser-reply": "mailparser_reply",
        "pyyaml": "yaml",
        "ruamel.yaml": "ruamel",
        "imap-tools": "imap_tools",
        "prometheus-client": "prometheus_client",
        "python-dateutil": "dateutil",
    }
    used = {name.split(".")[0] for file in python_files() for name in imported(file)}
    names = [line.split(">")[0] for line in pyproject()["project"]["dependencies"]]
    data_only = {"tzdata"}
    wrong = [name for name in names if declared.get(name, name) not in used | data_only]
    assert wrong == []


def test_the_command_starts_without_heavy_imports() -> None:
    code = "import sys, upheld.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()


# --- budgets --------------------------------------------------------------------------------------


def functions(file: Path) -> Iterator[tuple[int, str]]:
    """Lines (without docstring) and name of each function in a file."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.end_lineno - node.lineno + 1 - docstring_lines(node), node.name


def docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(node) is None:
        return 0
    first = node.body[0]
    assert first.end_lineno is not None
    return first.end_lineno - first.lineno + 1


def table(rows: list[tuple[int, str]]) -> str:
    return "\n".join(f"{lines:>6}  {what}" for lines, what in sorted(rows, reverse=True)[:15])


def test_functions_are_short() -> None:
    rows = [(n, f"{short(file)} {name}") for file in python_files() for n, name in functions(file)]
    lines = [row[0] for row in rows]
    assert statistics.median(lines) <= MEDIAN, table(rows)
    assert statistics.quantiles(lines, n=10)[-1] <= MOST, table(rows)


def test_functions_of_each_room_are_short() -> None:
    """A room can't hide its long functions behind the short ones of the others; tests neither."""
    by_room: dict[str, list[int]] = {}
    for file in all_python_files():
        by_room.setdefault("/".join(short(file).split("/")[:3]), []).extend(
            lines for lines, _ in functions(file)
        )
    long = {
        room: statistics.quantiles(lines, n=10)[-1]
        for room, lines in by_room.items()
        if len(lines) >= 20 and statistics.quantiles(lines, n=10)[-1] > MOST
    }
    assert long == {}


def long_files() -> dict[str, int]:
    counted = {short(file): file.read_bytes().count(b"\n") for file in python_files()}
    return {name: lines for name, lines in counted.items() if lines > LONGEST_FILE}


def test_files_are_short() -> None:
    found = long_files()
    assert {name: lines for name, lines in found.items() if name not in LONG_FILES} == {}


def test_no_leave_is_given_that_is_not_needed() -> None:
    assert set(LONG_FILES) <= set(long_files())
    assert set(CLOCKS) <= {short(file) for file in python_files()}


def test_everything_written_in_python_is_linted_and_typed() -> None:
    tool = pyproject()["tool"]
    assert {short(file).split("/")[0] for file in all_python_files()} == set(tool["mypy"]["files"])
    assert {"exclude", "extend-exclude"} & (set(tool["ruff"]) | set(tool["mypy"])) == set()


def test_complexity_is_bounded_and_nobody_is_let_off() -> None:
    lint = pyproject()["tool"]["ruff"]["lint"]
    assert lint["mccabe"]["max-complexity"] == COMPLEXITY
    assert {"C90", "PL", "ANN"} <= set(lint["select"])
    let_off = [rule for rules in lint["per-file-ignores"].values() for rule in rules]
    assert [rule for rule in (*lint["ignore"], *let_off) if LENIENT.match(rule)] == []
    assert [short(file) for file in all_python_files() if LET_OFF.search(file.read_text())] == []


# --- names and clocks -----------------------------------------------------------------------------


def names_of(file: Path) -> set[str]:
    """The words of a file's name and of what it defines at its top."""
    tree = parsed(file)
    defined = [n.name for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef)]
    return {file.stem.lower(), *(name.lower().strip("_") for name in defined)}


def test_nothing_is_called_after_nothing() -> None:
    wrong = [
        f"{short(file)}: {name}"
        for file in python_files()
        for name in names_of(file)
        if BANNED_NAMES & set(name.split("_"))
    ]
    assert wrong == []


def looks_at_clock(file: Path) -> Iterator[int]:
    """The lines on which a file asks the machine what time it is."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Attribute) and (_last(node.value), node.attr) in NOW:
            yield node.lineno


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def may_look(name: str) -> bool:
    return name in CLOCKS or "simulator" in name or name.startswith("core/upheld/testing/")


def test_time_is_passed_in() -> None:
    wrong = [
        f"{short(file)}:{line}"
        for file in python_files()
        if not may_look(short(file))
        for line in looks_at_clock(file)
    ]
    assert wrong == [], "take `now` as an argument, or the Clock that is passed in"


@pytest.mark.parametrize("line", ["datetime.now(UTC)", "time.time()", "x.func.now()"])
def test_a_look_at_the_clock_is_seen(tmp_path: Path, line: str) -> None:
    file = tmp_path / "example.py"
    file.write_text(f"x = 1\ny = {line}\n")
    assert list(looks_at_clock(file)) == [2]
