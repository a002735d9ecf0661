"""Where a value stands in JSON: the part of JSONPath (RFC 9535) that names one place. Pure.

Public, beside `upheld.plugin`. ``$`` is the whole document; ``@`` the one that is looked at, where there
is a list of them.
"""

from __future__ import annotations

import re
from typing import Any, Final

_STEP: Final = re.compile(
    r"""\.(?P<name>[^\W\d][\w-]*)|\[(?P<index>-?\d{1,9})\]|\['(?P<single>[^']+)'\]|\["(?P<double>[^"]+)"\]"""
)
_BEGINS: Final = ("$", "@")
#: There is one document, and no list of them.
WHOLE: Final[Any] = object()


def steps(path: str) -> tuple[str | int, ...]:
    """The names and indices of ``$.checks[0]['disk-full']``; ``ValueError`` where it is no such path."""
    found: list[str | int] = []
    at = 1 if path.startswith(_BEGINS) else 0
    while at and at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            break
        index = step["index"]
        name = step["name"] or step["single"] or step["double"]
        found.append(name if index is None else int(index))
        at = step.end()
    if not at or at < len(path):
        raise ValueError(f"'{path[:100]}' is no path such as $.checks[0].status")
    return tuple(found)


def value_at(path: str, document: Any, current: Any = WHOLE) -> Any:
    """What stands there, from ``current`` on where the path begins with ``@`` (left out: that is the whole
    document as well); ``LookupError`` where nothing does."""
    value = document if current is WHOLE or path.startswith("$") else current
    for step in steps(path):
        fits = isinstance(value, list if isinstance(step, int) else dict)
        if not fits:
            raise LookupError(path)
        value = value[step]
    return value
