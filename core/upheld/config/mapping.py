"""The keys of a tracker connection that say what its words mean: `map`, `conflicts`, `staff`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias, cast

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from upheld.case.state import Status
from upheld.directory.written import Entry, Names

#: What a rule can be; each excludes the others. ``field`` is the usual one.
KINDS: Final = ("field", "remote", "constant", "label", "comment")
#: The status is written the other way round, ours first: there are six of them, whatever the tracker has.
STATUS: Final = "status"
_STATUSES: Final = tuple(status.value for status in Status)

Word: TypeAlias = str | int | bool
ConflictWord: TypeAlias = Literal["remote", "local", "newest", "hold"]


class RuleEntry(Entry):
    """What one of our fields is on a tracker."""

    ours: str
    field: str | None = Field(None, description="the tracker's field; ours where left out")
    remote: str | None = Field(None, description="a field that is read and never written")
    constant: Word | None = Field(None, description="written when an item is created, never read")
    label: str | None = Field(None, description="a label there: a flag of the policy here")
    comment: str | None = Field(None, description="a first line that means this verb")
    values: Mapping[Word, Word | tuple[Word, ...]] = Field(
        default_factory=dict, description="their value → ours; of the status ours → theirs"
    )
    otherwise: Word | None = Field(
        None, description="what a value means that `values` does not have; else it is a note"
    )
    overwrite: bool = Field(True, description="false: written only where theirs is empty")

    @model_validator(mode="after")
    def _one_kind(self) -> RuleEntry:
        named = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(named) > 1:
            raise ValueError(f"is {' and '.join(named)}: one of them will do")
        if (self.values or self.otherwise is not None) and named not in ([], ["field"], ["remote"]):
            raise ValueError(f"values have no meaning for a {named[0]}")
        return self

    @model_validator(mode="after")
    def _our_words(self) -> RuleEntry:
        words = [ours for _, ours in self.pairs]
        if any(isinstance(word, tuple) for word in words):
            raise ValueError("each value of theirs means one of ours: write High: 2")
        unknown = next((word for word in words if str(word) not in _STATUSES), None)
        if self.ours == STATUS and unknown is not None:
            raise ValueError(f"{str(unknown)!r} is none of ours: {', '.join(_STATUSES)}")
        if self.ours == "severity" and not all(type(word) is int for word in words):
            raise ValueError("a severity is a number: write Highest: 1")
        return self

    @property
    def pairs(self) -> tuple[tuple[Word, Word], ...]:
        """(theirs, ours) in the order in which they are written; of several for one of ours the
        first is what we write."""
        if self.ours != STATUS:
            return tuple((theirs, cast("Word", ours)) for theirs, ours in self.values.items())
        return tuple(
            (theirs, ours) for ours, several in self.values.items() for theirs in _several(several)
        )


def _several(words: Word | tuple[Word, ...]) -> tuple[Word, ...]:
    return words if isinstance(words, tuple) else (words,)


def _unfold(written: Any) -> Any:
    """Every rule in full, with the name of our field in it."""
    if not isinstance(written, Mapping):
        return written
    return {str(ours): _rule(str(ours), rule) for ours, rule in written.items()}


def _rule(ours: str, rule: Any) -> Any:
    if isinstance(rule, str):  # title: summary
        return {"ours": ours, "field": rule}
    if not isinstance(rule, Mapping):
        return rule
    return {"ours": ours, **rule} if _KEYS & set(rule) else {"ours": ours, "values": rule}


_KEYS: Final = frozenset(RuleEntry.model_fields) - {"ours"}
MapEntry: TypeAlias = Annotated[Mapping[str, RuleEntry], BeforeValidator(_unfold)]


class StaffEntry(Entry):
    """Who of a tracker's users is ours, besides `people`."""

    group: str | None = Field(None, description="the tracker's group of those who are")
    no_staff: Names = Field(
        (), alias="not", description="users that are machines: what they say meets no target"
    )


class ConflictsEntry(Entry):
    """Who wins where both sides changed a field. Further keys are our fields."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, ConflictWord]

    default: ConflictWord = Field("remote", description="for fields that are not named")

    def of(self, field: str) -> str:
        """The rule for one of our fields."""
        return (self.__pydantic_extra__ or {}).get(field, self.default)

    def over(self, other: ConflictsEntry) -> ConflictsEntry:
        """These rules, and of another connection's those that they leave out."""
        return ConflictsEntry.model_validate({**other.written(), **self.written()})

    def written(self) -> dict[str, ConflictWord]:
        """What was written, without what was not."""
        own: dict[str, ConflictWord] = dict(self.__pydantic_extra__ or {})
        return own | ({"default": self.default} if "default" in self.model_fields_set else {})
