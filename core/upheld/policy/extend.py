"""``extends:``: a customer's own agreement replaces clauses of another policy by their id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from upheld.errors import ConfigError, NotFound, Place
from upheld.policy.reader import Node, Reader
from upheld.source import Document

#: Their entries are laid over each other; any other key replaces the one below as a whole.
_MERGED: Final = (
    "calendars",
    "severities",
    "plans",
    "products",
    "outcomes",
    "kinds",
    "tiers",
    "desks",
    "roles",
    "defaults",
)
_DEEPEST: Final = 5
_Path: TypeAlias = tuple[str | int, ...]


def extended(document: Document, base: Callable[[str], Document], depth: int = 0) -> Document:
    """The document with what it extends underneath; places stay those of the file they came from.

    ``ConfigError`` where there is no such base, where a file extends itself, and where sections or
    clauses of either are so misshapen that they can't be told apart.
    """
    data = document.data
    if not isinstance(data, Mapping) or "extends" not in data:
        return document
    where, name = document.place("extends"), data["extends"]
    if not isinstance(name, str):
        raise ConfigError("extends: is not a text", where=where, do_next="name a policy or a file")
    if depth >= _DEEPEST:
        raise ConfigError("extends: leads back to itself, or through too many", where=where)
    try:
        below = base(name)
    except NotFound as error:
        raise ConfigError(f"extends: {error.what}", where=where, do_next=error.do_next) from None
    below = extended(below, base, depth + 1)
    _look_at(document)
    _look_at(below)
    return _merged(document, below)


def _look_at(document: Document) -> None:
    """Sections and clauses must be what they seem before any can replace another."""
    reader = Reader(document)
    root = reader.root()
    if root.is_mapping():
        for section in root.at("document").list():
            if section.is_mapping():
                for clause in section.at("clauses").list():
                    if clause.is_mapping():
                        clause.at("id").text()
    reader.finish()


# A tree of what will stand in the whole: leaves are pieces of a document, with their places.


@dataclass(frozen=True)
class _Leaf:
    """A value as it stands in one of the documents."""

    document: Document
    path: _Path
    value: Any


@dataclass
class _Table:
    """Entries from both documents."""

    place: Place
    inside: dict[str | int, _Tree] = field(default_factory=dict)


@dataclass
class _Row:
    """Items from both documents."""

    place: Place
    inside: list[_Tree] = field(default_factory=list)


_Tree: TypeAlias = _Leaf | _Table | _Row


def _merged(above: Document, below: Document) -> Document:
    top = _entries(below, (), below.data)
    for key, leaf in _entries(above, (), above.data).inside.items():
        under = top.inside.get(key)
        if key == "document":
            top.inside[key] = _sections(above, below)
        elif key != "extends":
            top.inside[key] = _over(str(key), leaf, under)
    places: dict[_Path, Place] = {}
    data = _settled(top, (), places)
    return Document(data, above.file, above.text, places)


def _over(key: str, above: _Tree, below: _Tree | None) -> _Tree:
    """``above`` laid over what stands under the same key below."""
    if not (_maps(above) and _maps(below) and (key in _MERGED or key == "needs")):
        return above
    assert isinstance(above, _Leaf)
    assert isinstance(below, _Leaf)
    both = _entries(below.document, below.path, below.value)
    for name, leaf in _entries(above.document, above.path, above.value).inside.items():
        under = both.inside.get(name)
        both.inside[name] = _joined(leaf, under) if key == "needs" else leaf
    return both


def _joined(above: _Tree, below: _Tree | None) -> _Tree:
    """What a site must supply is what both files need."""
    if not isinstance(above, _Leaf) or not isinstance(below, _Leaf):
        return above
    if isinstance(above.value, list) and isinstance(below.value, list):
        items = [*_items(below), *(leaf for leaf in _items(above) if leaf.value not in below.value)]
        return _Row(above.document.place(*above.path), list(items))
    return _over(_MERGED[0], above, below)


def _sections(above: Document, below: Document) -> _Row:
    row = _Row(above.place("document"))
    for leaf in _items(_child(below, ("document",))):
        row.inside.append(_section(leaf, _items(_child(below, (*leaf.path, "clauses")))))
    for leaf in _items(_child(above, ("document",))):
        clauses = _items(_child(above, (*leaf.path, "clauses")))
        added = [clause for clause in clauses if not _replaced(row, clause)]
        if added or not clauses or "text" in leaf.value:
            _add(row, leaf, added)
    return row


def _replaced(row: _Row, clause: _Leaf) -> bool:
    for section in row.inside:
        clauses = _clauses(section)
        for index, old in enumerate(clauses.inside):
            # An id that stands twice in one file replaces nothing: it is an error, told later.
            if not isinstance(old, _Leaf) or old.document is clause.document:
                continue
            if old.value.get("id") == clause.value.get("id"):
                clauses.inside[index] = clause
                return True
    return False


def _add(row: _Row, section: _Leaf, clauses: Iterable[_Leaf]) -> None:
    """To the section with the same heading; as a new one at the end where there is none."""
    made = _section(section, clauses)
    home = next((known for known in row.inside if _heading(known) == _heading(made)), None)
    if home is None:
        row.inside.append(made)
        return
    assert isinstance(home, _Table)
    _clauses(home).inside += _clauses(made).inside
    home.inside |= {key: tree for key, tree in made.inside.items() if key != "clauses"}


def _heading(section: _Tree) -> object:
    assert isinstance(section, _Table)
    heading = section.inside.get("heading")
    return heading.value if isinstance(heading, _Leaf) else None


def _section(leaf: _Leaf, clauses: Iterable[_Leaf]) -> _Table:
    made = _entries(leaf.document, leaf.path, leaf.value)
    made.inside["clauses"] = _Row(leaf.document.place(*leaf.path, "clauses"), list(clauses))
    return made


def _clauses(section: _Tree) -> _Row:
    assert isinstance(section, _Table)
    clauses = section.inside["clauses"]
    assert isinstance(clauses, _Row)
    return clauses


def _entries(document: Document, path: _Path, value: Mapping[str | int, Any]) -> _Table:
    inside: dict[str | int, _Tree] = {
        key: _Leaf(document, (*path, key), each) for key, each in value.items()
    }
    return _Table(document.place(*path), inside)


def _child(document: Document, path: _Path) -> _Leaf:
    return _Leaf(document, path, Node(Reader(document), (), document.data).along(path).value)


def _items(leaf: _Leaf) -> list[_Leaf]:
    listed = leaf.value or []
    return [_Leaf(leaf.document, (*leaf.path, n), value) for n, value in enumerate(listed)]


def _maps(tree: _Tree | None) -> bool:
    return isinstance(tree, _Leaf) and isinstance(tree.value, Mapping)


def _settled(tree: _Tree, path: _Path, places: dict[_Path, Place]) -> Any:
    """The tree as plain data; the places of all that is in it are added to ``places``."""
    if isinstance(tree, _Leaf):
        _place(tree, tree.value, (), path, places)
        return tree.value
    places[path] = tree.place
    if isinstance(tree, _Row):
        return [_settled(each, (*path, n), places) for n, each in enumerate(tree.inside)]
    return {key: _settled(each, (*path, key), places) for key, each in tree.inside.items()}


def _place(leaf: _Leaf, value: Any, rest: _Path, path: _Path, places: dict[_Path, Place]) -> None:
    places[(*path, *rest)] = leaf.document.place(*leaf.path, *rest)
    inside: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, Mapping):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    for key, each in inside:
        _place(leaf, each, (*rest, key), path, places)
