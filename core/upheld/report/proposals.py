"""What was proposed for a case, and who had the last word on what it is."""

from __future__ import annotations

from upheld.case.events import Proposed
from upheld.case.state import CaseState


def proposal(body: Proposed) -> str:
    """A proposal in one line: what, by which rule, and what matched."""
    named = (
        ("severity", body.severity),
        ("outcome", body.outcome),
        ("kind", body.case_kind),
        ("product", " ".join(each for each in (body.product, body.version) if each)),
        ("flags", ", ".join(body.flags)),
    )
    what = ", ".join(f"{name} {value}" for name, value in named if value)
    by = f" by {body.rule}" if body.rule else ""
    return f"{what or 'nothing'}{by}: {body.reason}"


def outcome_from(state: CaseState) -> str:
    """Who said what the case turned out to be, and why; "" where nobody did."""
    judged, proposed = state.judged, state.proposed
    if judged is not None:
        by = "said by a person" if state.judged_by_person else "set by a rule"
        about = f" ({judged.about})" if judged.about else ""
        return f"{by}{about}: {judged.reason}" if judged.reason else f"{by}{about}"
    if proposed is None or proposed.outcome is None:
        return ""
    return f"proposed by {proposed.rule}: {proposed.reason}" if proposed.rule else "proposed"
