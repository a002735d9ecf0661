"""A small JQL: enough for a client of this project; all else is refused as Jira refuses it.

``clause (AND|OR clause)* [ORDER BY field [ASC|DESC], ...]`` with NOT and parentheses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from upheld_jira.simulator.wire import Refusal

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<sign>!=|!~|<=|>=|[=~<>(),])"""
    r"""|(?P<word>(?:[^\s=~<>!(),"'\[]|\[\d+\])+))"""
)
#: An unquoted word can't hold one of these.
_RESERVED_SIGNS: Final = re.compile(r"[+;?|*/%^$#@&{}\\]")
#: A word that means nothing as a value unless it is quoted.
_RESERVED: Final = re.compile(
    r"abort|access|add|after|alias|all|alter|and|any|as|asc|audit|before|begin|between|by|case"
    r"|check|column|commit|count|create|current|date|delete|desc|distinct|do|drop|else|empty"
    r"|end|equals|exists|false|file|from|function|go|grant|group|having|if|immediate|in|index"
    r"|insert|is|join|last|left|less|like|limit|lock|long|max|min|minus|mode|modify|more|next"
    r"|not|null|number|object|of|on|option|or|order|outer|output|power|previous|prior|public"
    r"|raise|read|remove|rename|return|right|row|select|session|set|size|start|sum|table|then"
    r"|to|true|union|unique|update|user|values|view|when|where|while|with"
)
_SIGNS: Final = frozenset(("=", "!=", "~", "!~", "<", "<=", ">", ">="))


@dataclass(frozen=True, slots=True)
class Value:
    """What a field is compared with; ``function`` where it is a call without arguments."""

    text: str
    function: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """A comparison; ``values`` has one but for ``in``, and none for ``is empty``."""

    field: str
    how: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """All of them, or any where ``any`` is set."""

    parts: tuple[Node, ...]
    any: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """Not this."""

    part: Node


Node: TypeAlias = "Clause | Both | Not"


@dataclass(frozen=True, slots=True)
class Query:
    """What to find (None: everything), and by which fields to order: name, and whether downwards."""

    where: Node | None
    order: tuple[tuple[str, bool], ...]


def parse(text: str) -> Query:
    """The query; `Refusal` where it is none."""
    return _Parser(list(_tokens(text))).query()


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    quoted: bool = False
    sign: bool = False

    @property
    def word(self) -> str:
        """What it is as a keyword."""
        return "" if self.quoted else self.text.lower()


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _wrong(f"Error in the JQL Query: '{text[at:][:20]}' can't be read (at {at}).")
        found.append(_token(match))
        at = match.end()
    return found


def _token(match: re.Match[str]) -> _Token:
    if match["quoted"]:
        return _Token(re.sub(r"\\(.)", r"\1", match["quoted"][1:-1]), quoted=True)
    if match["sign"]:
        return _Token(match["sign"], sign=True)
    word = match["word"]
    sign = _RESERVED_SIGNS.search(word)
    if sign is not None:
        raise _wrong(
            f"Error in the JQL Query: The character '{sign[0]}' is a reserved JQL character."
            " You must enclose it in a string or use the escape '\\u' instead."
        )
    return _Token(word)


def _wrong(words: str) -> Refusal:
    return Refusal(400, words)


class _Parser:
    """By recursive descent, over the tokens that are left."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._left = tokens

    def query(self) -> Query:
        where = None if not self._left or self._next_is("order") else self._any()
        order = self._order() if self._take("order") else ()
        if self._left:
            raise _wrong(
                f"Error in the JQL Query: Expecting either 'OR' or 'AND' but got"
                f" '{self._left[0].text}'."
            )
        return Query(where, order)

    def _any(self) -> Node:
        parts = [self._all()]
        while self._take("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Both(tuple(parts), any=True)

    def _all(self) -> Node:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _one(self) -> Node:
        if self._take("not"):
            return Not(self._one())
        if self._take("("):
            inner = self._any()
            self._need(")")
            return inner
        return self._clause()

    def _clause(self) -> Node:
        field = self._name().lower()
        if self._take("is"):
            return self._emptiness(field)
        negated = self._take("not")
        if self._take("in"):
            return Clause(field, "not in" if negated else "in", self._list())
        how = self._pop()
        if negated or how.text not in _SIGNS or not how.sign:
            raise _wrong(f"Error in the JQL Query: Expecting operator but got '{how.text}'.")
        return Clause(field, how.text, (self._value(),))

    def _emptiness(self, field: str) -> Node:
        how = "is not" if self._take("not") else "is"
        if not (self._take("empty") or self._take("null")):
            raise _wrong("Error in the JQL Query: 'is' is for EMPTY and NULL alone.")
        return Clause(field, how, ())

    def _list(self) -> tuple[Value, ...]:
        self._need("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._need(")")
        return tuple(values)

    def _value(self) -> Value:
        token = self._pop()
        if token.sign:
            raise _wrong(f"Error in the JQL Query: Expecting a value but got '{token.text}'.")
        if _RESERVED.fullmatch(token.word):
            raise _wrong(
                f"Error in the JQL Query: '{token.text}' is a reserved JQL word."
                " You must surround it in quotation marks to use it in a query."
            )
        if not token.quoted and self._take("("):
            self._need(")")
            return Value(token.text, function=True)
        return Value(token.text)

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self._need("by")
        found = [self._ordered()]
        while self._take(","):
            found.append(self._ordered())
        if len(found) > 7:
            raise _wrong("The maximum number of fields to order by is 7.")
        return tuple(found)

    def _ordered(self) -> tuple[str, bool]:
        name = self._name().lower()
        down = self._take("desc")
        if not down:
            self._take("asc")
        return name, down

    def _name(self) -> str:
        token = self._pop()
        if token.sign or _RESERVED.fullmatch(token.word):
            raise _wrong(f"Error in the JQL Query: Expecting a field name but got '{token.text}'.")
        return token.text

    def _pop(self) -> _Token:
        if not self._left:
            raise _wrong("Error in the JQL Query: unexpected end of the query.")
        return self._left.pop(0)

    def _next_is(self, word: str) -> bool:
        return bool(self._left) and self._left[0].word == word

    def _take(self, word: str) -> bool:
        if self._next_is(word):
            self._left.pop(0)
            return True
        return False

    def _need(self, word: str) -> None:
        if not self._take(word):
            got = self._left[0].text if self._left else "the end"
            raise _wrong(f"Error in the JQL Query: Expecting '{word}' but got '{got}'.")
