"""YAML 1.2 with places: what stands in a file, and on which line.

YAML 1.1 would turn ``on:`` into True, ``NO`` into False and ``10:00`` into 600; here they stay what
they look like. Duplicate keys, tags, anchors and aliases are refused: a policy is read by people.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from upheld.errors import ConfigError, Place

if TYPE_CHECKING:
    from pydantic import ValidationError

#: A file that people write by hand is far smaller, and nests far less.
LIMIT: Final = 4_000_000
DEEPEST: Final = 40
LONGEST_KEY: Final = 200

Path_: TypeAlias = tuple[str | int, ...]
_MEND: Final = "look here and just above: quotes, brackets, blanks at the start of the line"
_DIRECTIVE: Final = re.compile(r"\ufeff?(?:[ \t]*(?:#[^\n]*)?\r?\n)*%")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class Document:
    """A file as plain data, with the place of every key and item."""

    data: Any
    file: str
    text: str = field(repr=False)
    places: Mapping[Path_, Place] = field(repr=False)

    def place(self, *path: str | int) -> Place:
        """Where a key (or an item of a list) stands; the nearest one above where it doesn't."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.places:
                return self.places[path[:end]]
        return Place(self.file)


def read(path: Path) -> Document:
    """Read a file; ``ConfigError`` with the place where it is not YAML."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"can't be read: {error.strerror}", where=str(path), do_next="check path and rights"
        ) from None
    try:
        return parse(raw.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        place = Place(str(path), raw.count(b"\n", 0, error.start) + 1)
        raise ConfigError("is not in UTF-8", where=place, do_next="save it as UTF-8") from None


def parse(text: str, file: str) -> Document:
    """Read a text; ``file`` is what errors call it."""
    if len(text) > LIMIT:
        raise ConfigError(f"is larger than {LIMIT:,} characters", where=file)
    directive = _DIRECTIVE.match(text)
    if directive:  # it would bring YAML 1.1 back, where NO is False
        place = Place(file, text.count("\n", 0, directive.end()) + 1)
        raise ConfigError("directives are not taken", where=place, do_next="delete the line")
    node = _composed(text, file)
    reader = _Reader(file)
    data = None if node is None else reader.value(node, ())
    if reader.problems:
        raise ConfigError.several(tuple(reader.problems))
    return Document(data, file, text, reader.places)


def _composed(text: str, file: str) -> Any:
    """The tree of ruamel's nodes; None where there is nothing in the text."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        # Not "rt": it leaves a bell in a folded text wherever a line ended, to write it back as it was.
        return YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        what = f"is no YAML: {error.problem or error.context}"
        raise ConfigError(what, where=place, do_next=_MEND) from None
    except ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        what = f"the character U+{ord(text[int(error.position)]):04X} is not taken"
        raise ConfigError(what, where=Place(file, line), do_next="delete it") from None
    except RecursionError:
        raise ConfigError(f"is nested more than {DEEPEST} deep", where=file) from None
    except (YAMLError, ValueError) as error:
        what = f"is no YAML: {error}".splitlines()[0]
        raise ConfigError(what, where=file, do_next=_MEND) from None


def suggest(word: str, choices: Iterable[str]) -> str:
    """``did you mean "severity"?`` where one is near, else all the choices."""
    known = sorted(set(map(str, choices)))
    near = difflib.get_close_matches(str(word), known, n=1, cutoff=0.6)
    if near:
        return f'did you mean "{near[0]}"?'
    return f"one of: {', '.join(known)}" if known else "there is nothing to choose from"


def problems(error: ValidationError, document: Document, *at: str | int) -> ConfigError:
    """Everything pydantic found, each with its place; values are never shown."""
    return ConfigError.several(
        tuple(_problem(each, document, at) for each in error.errors(include_input=False))
    )


def _problem(found: Mapping[str, Any], document: Document, at: Path_) -> ConfigError:
    path = (*at, *found["loc"])
    key = ".".join(str(part) for part in path)
    what = {"extra_forbidden": "there is no such key", "missing": "is missing"}.get(
        found["type"], found["msg"].removeprefix("Value error, ")
    )
    return ConfigError(f"{key}: {what}", where=document.place(*path))


class _Reader:
    """Turns ruamel's nodes into plain values, keeping places; collects what is wrong."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[Path_, Place] = {}
        self.problems: list[ConfigError] = []

    def value(self, node: Any, path: Path_) -> Any:
        from ruamel.yaml.nodes import MappingNode, SequenceNode

        self.places.setdefault(path, self._place(node))
        if not self._plain(node, path):
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _plain(self, node: Any, path: Path_) -> bool:
        if node.anchor is not None:
            self._wrong(node, "anchors and aliases are not taken", "write it out")
            return False
        if len(path) > DEEPEST:
            self._wrong(node, f"is nested more than {DEEPEST} deep", "no file of Upheld needs that")
            return False
        if not isinstance(node.value, str) and _tag(node) not in {"map", "seq"}:
            self._wrong(node, f"the tag {_tag(node)!r} is not taken", "leave it out")
            return False
        return True

    def _mapping(self, node: Any, path: Path_) -> dict[str | int, Any]:
        found: dict[str | int, Any] = {}
        texts: set[str] = set()
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key is None:
                continue
            if str(key) in texts:  # 1 and "1" are two keys to YAML, and one to whoever reads it
                self._wrong(key_node, f"the key {key!r} stands twice", "leave one of them")
            texts.add(str(key))
            self.places[(*path, key)] = self._place(key_node)
            found[key] = self.value(value_node, (*path, key))
        return found

    def _key(self, node: Any) -> str | int | None:
        if not isinstance(node.value, str) or node.anchor is not None:
            self._wrong(node, "a list, a mapping or an anchor can't be a key", "write a word")
            return None
        key = self._scalar(node)
        if isinstance(key, str | int) and not isinstance(key, bool) and key != "":
            if len(str(key)) <= LONGEST_KEY:
                return key
            self._wrong(node, f"is longer than {LONGEST_KEY} characters", "keys are short words")
        elif _tag(node) in _SCALARS:
            self._wrong(node, f"{node.value!r} can't be a key", "a key is a word or a whole number")
        return None

    def _scalar(self, node: Any) -> Any:
        text: str = node.value
        convert = _SCALARS.get(_tag(node))
        if convert is None:
            self._wrong(node, f"the tag {_tag(node)!r} is not taken", "leave it out")
            return None
        if _SURROGATE.search(text):
            self._wrong(node, "half a character stands in it", "write the character itself")
            return None
        try:
            return convert(text)
        except ValueError:
            return text

    def _place(self, node: Any) -> Place:
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _wrong(self, node: Any, what: str, do_next: str) -> None:
        self.problems.append(ConfigError(what, where=self._place(node), do_next=do_next))


def _tag(node: Any) -> str:
    return str(node.tag or "").removeprefix("tag:yaml.org,2002:")


def _float(text: str) -> float | str:
    value = float(_whole(text))
    return value if math.isfinite(value) else text


def _integer(text: str) -> int:
    return int(_whole(text), 0) if text[:2] in {"0x", "0o"} else int(_whole(text))


def _whole(text: str) -> str:
    if "_" in text:  # a number in YAML 1.1 and in Python, a word in YAML 1.2
        raise ValueError(text)
    return text


_SCALARS: Final[Mapping[str, Any]] = {
    "str": str,
    "timestamp": str,
    "int": _integer,
    "float": _float,
    "bool": lambda text: text.lower() == "true",
    "null": lambda _text: None,
}
