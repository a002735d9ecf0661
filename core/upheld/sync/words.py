"""The words of a tracker that speaks ours: names and values are the same on both sides. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from upheld.plugin import RemoteCase, Value
from upheld.sync.ours import empty, plain
from upheld.sync.reader import folded, word


@dataclass(frozen=True, slots=True)
class OwnWords:
    """For a connection without a map. Of its ``statuses`` the one is written that means ours."""

    statuses: tuple[str, ...] = ()

    def outward(self, field: str, value: Value) -> tuple[str, Value]:
        """The same name, the same value."""
        return field, self._status(value) if field == "status" else value

    def theirs(self, field: str, item: RemoteCase) -> Value:
        """What stands in the field of this name."""
        return item.fields.get(field)

    def same(self, field: str, ours: Value, theirs: Value) -> bool:
        """Equal as a person reads them; a status where it means the same."""
        if empty(ours) or empty(theirs):
            return empty(ours) and empty(theirs)
        if field == "status":
            return _meaning(ours) == _meaning(theirs)
        return plain(ours) == plain(theirs) or str(ours) == str(theirs)

    def written(self, values: Mapping[str, Value], _item: RemoteCase | None) -> dict[str, Value]:
        """The same names."""
        return dict(self.outward(name, value) for name, value in values.items())

    def whole(self, _field: str) -> bool:
        """Every field stands for itself."""
        return False

    def _status(self, value: Value) -> Value:
        return next((each for each in self.statuses if _meaning(each) == _meaning(value)), value)


def _meaning(status: Value) -> str:
    return word(status) or folded(status)
