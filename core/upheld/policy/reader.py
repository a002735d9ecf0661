"""Reading a document with its places: every wrong value becomes an error with line and key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

from upheld.errors import ConfigError, Place
from upheld.policy.durations import parse_duration
from upheld.policy.times import Duration
from upheld.source import Document, suggest

T = TypeVar("T")
#: A value that doesn't fit, why, and what to do next.
Finding: TypeAlias = tuple[object, str, str]


class Reader:
    """Collects all errors of a file, so that they are told together."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[ConfigError] = []

    def root(self) -> Node:
        """The whole file."""
        return Node(self, (), self.document.data)

    def wrong(self, path: tuple[str | int, ...], what: str, do_next: str = "") -> None:
        """Remember an error at a place."""
        key = ".".join(str(part) for part in path) or "the file"
        place = self.document.place(*path)
        self.problems.append(ConfigError(f"{key}: {what}", where=place, do_next=do_next))

    def misfit(self, near: Place, clause: str, finding: Finding) -> None:
        """Remember what doesn't fit in the rule or clause at ``near``, at the wrong value itself."""
        value, what, do_next = finding
        path = self._inside(near, value)
        if path:
            near = self.document.place(*path)
            what = f"{next(key for key in reversed(path) if isinstance(key, str))}: {what}"
        self.problems.append(ConfigError(f"{clause}: {what}", where=near, do_next=do_next))

    def _inside(self, near: Place, value: object) -> tuple[str | int, ...]:
        """The path of a value in what stands at ``near``; empty where it isn't there."""
        places, root = self.document.places, self.root()
        above = min((path for path, place in places.items() if place == near), key=len, default=())
        for path in places:
            found = root.along(path)
            if path[: len(above)] == above and found.is_text() and _same(found.value, value):
                return path
        return ()

    def finish(self) -> None:
        """Raise all that was found, in the order of the file, each once."""
        if self.problems:
            found = {str(problem): problem for problem in sorted(self.problems, key=_line)}
            raise ConfigError.several(tuple(found.values()))


def _same(written: object, read: object) -> bool:
    """Numbers may be read as texts, and a duration's blanks are made one."""
    return str(written).split() == str(read).split()


def _line(problem: ConfigError) -> tuple[str, int, int]:
    where = problem.where
    if not isinstance(where, Place):
        return str(where), 0, 0
    return where.file, where.line or 0, where.column or 0


class Node:
    """A value in the file, with its path."""

    def __init__(self, reader: Reader, path: tuple[str | int, ...], value: Any) -> None:
        self.reader, self.path, self.value = reader, path, value

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.reader.document.place(*self.path)

    def wrong(self, what: str, do_next: str = "") -> None:
        """This value is wrong."""
        self.reader.wrong(self.path, what, do_next)

    def at(self, key: str | int) -> Node:
        """What stands under a key; the value is None where nothing does."""
        value = self.value
        there = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, list) and isinstance(key, int) and key < len(value):
            there = value[key]
        return Node(self.reader, (*self.path, key), there)

    def along(self, path: tuple[str | int, ...]) -> Node:
        """What stands at the end of a path."""
        node = self
        for key in path:
            node = node.at(key)
        return node

    def has(self, key: str) -> bool:
        """Whether the key is there at all."""
        return isinstance(self.value, Mapping) and key in self.value

    def keys(self, allowed: Iterable[str]) -> bool:
        """It is a mapping, has no other keys than these, and no key without a value."""
        if not self.is_mapping():
            return False
        known = tuple(allowed)
        for key, value in self.value.items():
            if key not in known:
                self.at(key).wrong("there is no such key", suggest(str(key), known))
            elif value is None:
                self.at(key).wrong("is empty", "give it a value, or leave it out")
        return True

    def keys_are(self, known: Iterable[str]) -> bool:
        """It is a mapping with exactly these keys; a value may be missing."""
        if not self.is_mapping():
            return False
        wanted = tuple(known)
        for key in self.value:
            if str(key) not in wanted:
                self.at(key).wrong("there is no such key", suggest(str(key), wanted))
        lacking = [key for key in wanted if key not in self.value]
        if lacking:
            self.wrong(
                f"lacks: {', '.join(lacking)}", "leave its value empty where nothing is said"
            )
        return not lacking

    def is_mapping(self) -> bool:
        """It is a mapping, else an error."""
        if not isinstance(self.value, Mapping):
            self.wrong("is not a mapping", "write `key: value` lines")
            return False
        return True

    def mapping(self) -> Iterable[tuple[Any, Node]]:
        """Keys and values; an error where it is no mapping."""
        if self.value is None or not self.is_mapping():
            return ()
        return tuple((key, self.at(key)) for key in self.value)

    def entries(self) -> Iterable[tuple[Any, Node]]:
        """As ``mapping``, for names of the policy's own: none may be without a value."""
        for key, inside in self.mapping():
            if inside.value is None:
                inside.wrong("is empty", "give it a value, or leave it out")
            else:
                yield key, inside

    def items(self) -> tuple[Node, ...]:
        """A list's items; a single value counts as a list of one."""
        if self.value is None:
            return ()
        if not isinstance(self.value, list):
            return (self,)
        return tuple(self.at(index) for index in range(len(self.value)))

    def some(self) -> tuple[Node, ...]:
        """As ``items``, but there must be at least one."""
        found = self.items()
        if self.value is not None and not found:
            self.wrong("is empty", "name at least one, or leave the key out")
        return found

    def list(self) -> tuple[Node, ...]:
        """A list's items; an error where it is no list."""
        if self.value is not None and not isinstance(self.value, list):
            self.wrong("is not a list", "write lines that begin with `- `")
            return ()
        return self.items()

    def needed(self, key: str) -> str:
        """The text under a key that must be there."""
        text = self.at(key).text()
        if not self.has(key):
            self.wrong(f"`{key}` is missing")
        return text

    def name(self, key: str, shape: re.Pattern[str], of: str) -> str:
        """As ``needed``, made of what ``of`` says."""
        text = self.needed(key)
        if text.strip() and not shape.fullmatch(text):
            self.at(key).wrong(f"{text!r} is no name", f"a name is made of {of}")
        return text

    def is_text(self) -> bool:
        """A text, or a whole number, which is taken for one."""
        return isinstance(self.value, str | int) and not isinstance(self.value, bool)

    def text(self, default: str = "") -> str:
        """A text, or a whole number as a text (one with a fraction would not stay as written)."""
        if self.value is None:
            return default
        if not self.is_text():
            self.wrong("is not a text", "put it in quotes")
            return default
        if not str(self.value).strip():
            self.wrong("is empty", "give it a value, or leave it out")
        return str(self.value)

    def maybe(self) -> str | None:
        """A text, or None."""
        return None if self.value is None else self.text()

    def texts(self) -> tuple[str, ...]:
        """A text or a list of them."""
        return tuple(item.text() for item in self.items())

    def integer(self) -> int | None:
        """A whole number, or None."""
        if self.value is None:
            return None
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return self.value
        self.wrong("is not a whole number")
        return None

    def yes(self, *, default: bool) -> bool:
        """``true`` or ``false``."""
        if self.value is None:
            return default
        if not isinstance(self.value, bool):
            self.wrong("is neither `true` nor `false`")
            return default
        return self.value

    def one_of(self, choices: Iterable[T], read: Callable[[str], T], default: T) -> T:
        """One of a few words."""
        if self.value is None:
            return default
        try:
            return read(self.text())
        except ValueError:
            if self.is_text():
                known = suggest(str(self.value), map(str, choices))
                self.wrong(f"{self.value!r} is not known", known)
            return default

    def duration(self, *, days: bool = False) -> Duration | None:
        """A duration, or None."""
        if self.value is None:
            return None
        if not isinstance(self.value, str):
            self.wrong("is no duration", "write `24 hours` or `4 business hours`")
            return None
        try:
            return parse_duration(self.value, days=days)
        except ValueError as error:
            self.wrong(str(error))
            return None
