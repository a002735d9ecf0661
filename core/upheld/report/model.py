"""What a report says of a policy: each clause, whether it was kept, and the lines that show it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from upheld.calendar.instant import Instant
from upheld.report.plain import Plain, as_plain


class Standing(StrEnum):
    """How a line counts. The last four count for nothing: they are shown, so that nothing is hidden.

    ``superseded``: late news proved it wrong, another line (or none) stands for it now.
    """

    KEPT = "kept"
    MISSED = "missed"
    ANNULLED = "annulled"
    BEFORE_ENFORCEMENT = "before enforcement"
    UNDER_WAY = "under way"
    SHADOW = "shadow"
    SUPERSEDED = "superseded"
    REMARK = "remark"


class ClauseState(StrEnum):
    """The one word for a clause; a single miss makes it ``missed``."""

    KEPT = "kept"
    MISSED = "missed"
    IN_FORCE = "in force"
    NOT_EXERCISED = "not exercised"


_KEPT: Final = {Standing.KEPT: True, Standing.MISSED: False}


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One thing that happened (or did not): ``what`` is a sentence, ``key`` names it for good.

    ``case`` is empty where the line speaks of no single case; ``at`` is when it was promised.
    """

    case: str
    at: Instant
    what: str
    key: str
    standing: Standing

    @property
    def kept(self) -> bool | None:
        """Whether the promise was kept; None where the line counts as neither."""
        return _KEPT.get(self.standing)

    def as_dict(self) -> Plain:
        """Plain values, ``at`` in ISO 8601."""
        return as_plain(self) | {"kept": self.kept}


@dataclass(frozen=True, slots=True)
class ClauseEvidence:
    """A clause and what came of it; ``says`` is the published sentence, ``where`` its file and line.

    ``left_out`` counts the cases that the whole report leaves out, because the policy that they
    are pinned to shares no clause with this one.
    """

    id: str
    says: str
    state: ClauseState
    kept: int
    missed: int
    annulled: int
    before_enforcement: int
    evidence: tuple[EvidenceLine, ...] = ()
    left_out: int = 0
    where: str = ""

    def as_dict(self) -> Plain:
        """Plain values, instants in ISO 8601."""
        return as_plain(self) | {"evidence": [line.as_dict() for line in self.evidence]}
