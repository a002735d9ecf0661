"""The pages say what the program does: every name has its line, every link leads somewhere."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from tests.pages import fences, first_cells, pages, read, section
from tests.repository import CORE, DOCS, ROOT, plugin_names, pyproject, short
from upheld import errors, hookspecs
from upheld.case.events import BODIES, Origin
from upheld.cli import main
from upheld.config import Config, config_from
from upheld.config.model import CONNECTION_KEYS
from upheld.engine.terms import compile_terms
from upheld.plugin import hookimpl
from upheld.policy.lint import CHECKS
from upheld.policy.load import load_policy, load_shipped
from upheld.registry import Registry
from upheld.rehearsal.compare import compared
from upheld.rehearsal.read import scenarios
from upheld.rehearsal.stage import play
from upheld.source import Document, parse
from upheld.web.metrics import COUNTERS, GAUGES, HISTOGRAMS

INDEX = DOCS / "README.md"
CLI = DOCS / "reference" / "cli.md"
HOOKS = DOCS / "reference" / "hooks.md"
EVENTS = DOCS / "reference" / "events.md"
ARCHITECTURE = DOCS / "explanation" / "architecture.md"
LINT = DOCS / "reference" / "lint.md"
WATCHING = DOCS / "howto" / "watch-upheld.md"
LIBRARIES = DOCS / "explanation" / "dependencies.md"


# --- the command line -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """A command as the program knows it, or as the page tells it."""

    arguments: tuple[str, ...] = ()
    options: frozenset[str] = field(default_factory=frozenset)


def commands(
    command: click.Command = main, path: tuple[str, ...] = ("upheld",)
) -> Iterator[tuple[str, Told]]:
    """Every command that does something by itself, by its full name."""
    if command.params or not isinstance(command, click.Group):
        yield " ".join(path), asked(command)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None, name
            yield from commands(found, (*path, name))


def asked(command: click.Command) -> Told:
    """What the program takes for a command."""
    options = [each for each in command.params if isinstance(each, click.Option)]
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    names = {name for option in options for name in (*option.opts, *option.secondary_opts)}
    return Told(
        tuple((each.metavar or each.name or "").upper() for each in arguments),
        frozenset(name for name in names if name.startswith("--")),
    )


def told_commands() -> dict[str, Told]:
    """What the page tells, by its usage lines: ``upheld stop REASON [--as NAME]``."""
    found = {}
    for line in "".join(fences(CLI, "usage")).splitlines():
        name = re.match(r"[a-z -]+(?= |$)", line)
        assert name is not None, line
        bare = re.sub(r"\[.*?\]", "", line)
        arguments = tuple(re.findall(r"\b[A-Z]+\b", bare.replace("COMMAND", "")))
        found[name[0].strip()] = Told(arguments, frozenset(re.findall(r"--[\w-]+", line)))
    return found


def test_every_command_has_its_line_with_all_that_it_takes_and_no_other() -> None:
    told, ours = told_commands(), dict(commands())
    assert set(told) == set(ours)
    assert {name: each for name, each in told.items() if each != ours[name]} == {}


def test_every_option_has_its_line() -> None:
    explained = set(first_cells(read(CLI)))
    taken = {option for _, told in commands() for option in told.options}
    assert taken - {name.split()[0] for name in explained} == set()


def test_every_exit_code_has_its_line_and_no_other() -> None:
    ours = {
        each.exit_code
        for _, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, errors.UpheldError)
    }
    done, usage, interrupted = 0, click.UsageError.exit_code, 130
    written = {int(code) for code in first_cells(section(CLI, "Exit codes"))}
    assert written == ours | {done, usage, interrupted}


# --- names ----------------------------------------------------------------------------------------


def hooks() -> dict[str, Any]:
    found = inspect.getmembers(hookspecs, inspect.isfunction)
    return {name: hook for name, hook in found if name.startswith("upheld_")}


@pytest.mark.parametrize("name", hooks())
def test_every_hook_has_its_section_with_its_signature(name: str) -> None:
    signature = str(inspect.signature(hooks()[name])).replace("'", "")
    assert f"def {name}{signature}: ..." in section(HOOKS, name)


def test_the_example_of_hooks_is_a_plugin() -> None:
    scope: dict[str, Any] = {}
    (example,) = (code for code in fences(HOOKS, "python") if "hookimpl" in code)
    exec(compile(example, short(HOOKS), "exec"), scope)
    marked = [name for name in hooks() if hasattr(scope.get(name), f"{hookimpl.project_name}_impl")]
    assert marked == ["upheld_classify"]


@pytest.mark.parametrize("origin", Origin)
def test_every_kind_of_event_has_its_line(origin: Origin) -> None:
    from upheld.case.events import Consequence, Fact

    kinds = {each.kind for each in (Fact if origin is Origin.FACT else Consequence).__args__}
    heading = "Facts" if origin is Origin.FACT else "Consequences"
    assert set(first_cells(section(EVENTS, heading))) == kinds
    assert kinds <= set(BODIES)


def test_every_plugin_is_named_by_the_index() -> None:
    assert [name for name in plugin_names() if f"plugins/{name}.md" not in read(INDEX)] == []


def test_every_library_has_its_line_and_no_other() -> None:
    project = pyproject()["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {re.split(r"[\[>]", line)[0] for group in groups for line in group} - {"upheld"}
    rows = re.findall(r"^\| `([\w.-]+)` \|.*\|$", read(LIBRARIES), re.MULTILINE)
    assert sorted(rows) == sorted(wanted)


def test_libraries_are_told_in_the_pinned_versions() -> None:
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", read(ROOT / "constraints.txt"), re.MULTILINE))
    known = {name.lower(): version for name, version in pins.items()}
    rows = re.findall(
        r"^\| `([\w.-]+)` \|.*\| (\S+), \d{4}-\d\d \|$", read(LIBRARIES), re.MULTILINE
    )
    assert {name: version for name, version in rows if known[name] != version} == {}


def test_every_room_has_its_line_and_no_other() -> None:
    rooms = {path.parent.name for path in CORE.glob("*/__init__.py")}
    written = first_cells(section(ARCHITECTURE, "Rooms"))
    assert set(written) & rooms == rooms
    assert set(written) - rooms == {"demo", "examples/*", "plugins/*"}


def test_every_metric_has_its_line_and_no_other() -> None:
    written = re.findall(r"^\| `(upheld_\w+)` \| (.*) \|$", read(WATCHING), re.MULTILINE)
    assert dict(written) == {**GAUGES, **HISTOGRAMS, **COUNTERS}


def test_every_check_of_lint_has_its_line_and_no_other() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \|$", read(LINT), re.MULTILINE)
    assert dict(rows) == CHECKS


# --- pages ----------------------------------------------------------------------------------------


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Where the links of a page lead within the checkout: file and anchor."""
    prose = re.sub(r"^```.*?^```", "", read(page), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if not re.match(r"\w+:", target):
            name, _, anchor = target.partition("#")
            yield (page.parent / name).resolve() if name else page, anchor


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", read(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages(), ids=short)
def test_links_lead_somewhere(page: Path) -> None:
    wrong = [
        f"{target.name}#{anchor}"
        for target, anchor in links(page)
        if not target.exists() or (anchor and anchor not in anchors(target))
    ]
    assert wrong == []


def test_every_page_is_reached_from_the_index() -> None:
    seen, open_ = {INDEX}, [INDEX]
    while open_:
        found = {page for page, _ in links(open_.pop()) if page.suffix == ".md" and page.exists()}
        open_ += found - seen
        seen |= found
    assert [short(page) for page in DOCS.rglob("*.md") if page not in seen] == []


#: Where one person's machine shows, or where packages came from.
PRIVATE = re.compile(
    r"(?<![\w./~}])/(?:root|home|Users|work|tmp|mnt)/\S*"
    r"|(?:pypi|pythonhosted|npmjs|crates)\.(?:org|com|io)|index-url|find-links|artifactory",
    re.IGNORECASE,
)


def told_files() -> list[Path]:
    """What people and machines read first, which is no place for this machine's paths."""
    scripts = [*(ROOT / "scripts").iterdir(), *(ROOT / ".ci").iterdir()]
    scripts = [each for each in scripts if each.is_file()]
    return [*pages(), *scripts, ROOT / "pyproject.toml", ROOT / "constraints.txt"]


@pytest.mark.parametrize("page", told_files(), ids=short)
def test_no_page_names_a_machine_or_a_registry(page: Path) -> None:
    assert PRIVATE.findall(read(page)) == []


@pytest.mark.parametrize("text", ["see /home/ann/upheld", "--index-url x", "https://pypi.org/p"])
def test_a_machine_and_a_registry_are_seen(text: str) -> None:
    assert PRIVATE.search(text)


@pytest.mark.parametrize("page", pages(), ids=short)
def test_a_page_begins_with_its_title(page: Path) -> None:
    assert re.match(r"# \S.*\n", read(page))
    headings = re.findall(r"^(#+) ", re.sub(r"^```.*?^```", "", read(page), flags=16 | 8), 8)
    assert [pair for pair in pairwise(map(len, headings)) if pair[1] > pair[0] + 1] == []


# --- examples -------------------------------------------------------------------------------------


def examples() -> list[Any]:
    """Every YAML example by page and number; the policy's own page is held by the policy's tests."""
    return [
        pytest.param(text, id=f"{short(page)}-{number}")
        for page in pages()
        if page != DOCS / "reference" / "policy.md"
        for number, text in enumerate(fences(page, "yaml"))
    ]


#: What an example of a part of upheld.yaml leaves out.
AROUND: dict[str, Any] = {
    "site": "magnolia",
    "policy": "magnolia",
    "connections": {name: {"plugin": "builtin"} for name in ("desk", "mailbox", "pager", "phone")},
    "customers": {"acme": {"name": "Acme"}},
    "people": {each: {"name": each} for each in ("ann", "bo", "cy", "dee", "eve")},
}


def around(data: dict[str, Any]) -> dict[str, Any]:
    """A part of upheld.yaml with the rest; a whole one stays as it is."""
    if "site" in data:
        return data
    connections = {**AROUND["connections"], **data.get("connections", {})}
    return {**AROUND, **data, "connections": connections}


def written(data: dict[str, Any]) -> Document:
    out = StringIO()
    YAML().dump(data, out)
    return parse(out.getvalue(), "example")


def policy_of(data: dict[str, Any]) -> str:
    """The version of a part of a policy, over the shipped one."""
    return load_policy(written({"policy": "Example", "extends": "magnolia", **data})).version


@pytest.mark.parametrize("text", examples())
def test_examples_of_yaml_are_taken(text: str, tmp_path: Path) -> None:
    """What is whole loads as it is; a part loads with the rest around it."""
    data = YAML(typ="safe").load(text)
    if isinstance(data, list):
        assert policy_of({"document": [{"heading": "Example", "clauses": data}]})
    elif "scenarios" in data:
        for each in scenarios(parse(text, "example")):
            terms = compile_terms(load_shipped(each.policy))
            played = play(terms, each.directory, tuple(each.facts.items()), each.until)
            assert compared(each, played).ok
    elif "document" in data:
        assert load_policy(parse(text, "example")).version
    elif set(data) <= set(Config.model_fields):
        config = config_from(written(around(data)), tmp_path)
        for entry in config.connections.values():
            known = Registry.load([entry.plugin]).plugin(entry.plugin).Config.model_fields
            assert set(entry.options) - set(CONNECTION_KEYS) <= set(known)
    else:
        assert policy_of(data)
