"""``upheld plugins new``: a distribution of its own, to be filled in."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final

import click

from upheld import __version__
from upheld.cli.output import say
from upheld.errors import Refusal

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

#: The folders of the skeleton that a kind is made of.
_PARTS: Final = {
    "tracker": ("all", "http", "tracker"),
    "notifier": ("all", "http", "notifier"),
    "probe": ("all", "probe"),
    "feed": ("all", "feed"),
}
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST: Final = 30
_PACKAGE: Final = "package"


@click.command("new")
@click.argument("name")
@click.option("--kind", type=click.Choice(sorted(_PARTS)), required=True, help="What it is to be.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder in which its own folder is made.",
)
def new(name: str, kind: str, into: Path) -> None:
    """Begin a plugin: write a distribution for NAME that installs and passes lint and types.

    What it is to do is left to you, and `upheld plugins verify NAME` tells what is missing.
    """
    _check(name)
    folder = into / f"upheld-{name.replace('_', '-')}"
    if folder.exists():
        raise Refusal(f"{folder} is there already", do_next="take another name, or another --into")
    for path, text in written(name, kind).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    say(f"{folder} is written. Next:")
    say(f"  pip install -e '{folder}[dev]'")
    say(f"  upheld plugins verify {name}")


def written(name: str, kind: str) -> dict[str, str]:
    """The files of a new distribution: their text by their path."""
    words = _words(name, kind)
    top = files("upheld.cli") / "skeleton"
    return {
        _path(path, words["package"]): Template(source.read_text("utf-8")).substitute(words)
        for part in _PARTS[kind]
        for path, source in _found(top / part)
    }


def _check(name: str) -> None:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > _LONGEST:
        what = f"'{name}' can't be the name of a plugin"
        raise Refusal(
            what, do_next="take small letters, digits and single underscores, as in my_desk"
        )
    from upheld.registry import installed

    if name in installed():
        what = f"plugin '{name}' is installed already, from {installed()[name].source}"
        raise Refusal(what, do_next="take another name: two of one name are both refused")


def _words(name: str, kind: str) -> dict[str, str]:
    major, minor, *_ = __version__.split(".")
    return {
        "name": name,
        "kind": kind,
        "package": f"upheld_{name}",
        "distribution": f"upheld-{name.replace('_', '-')}",
        "Class": "".join(part.capitalize() for part in name.split("_")),
        "version": f"{major}.{minor}",
        "next_version": f"{major}.{int(minor) + 1}",
    }


def _path(path: str, package: str) -> str:
    folder, _, rest = path.removesuffix(".txt").partition("/")
    return f"{package}/{rest}" if folder == _PACKAGE else path.removesuffix(".txt")


def _found(folder: Traversable, above: str = "") -> Iterator[tuple[str, Traversable]]:
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.is_dir():
            yield from _found(each, f"{above}{each.name}/")
        elif each.name.endswith(".txt"):
            yield f"{above}{each.name}", each
