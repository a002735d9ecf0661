"""Evidence of clocks: the verdicts that were given, and what late news made of them."""

from __future__ import annotations

from upheld.case.events import PassedOver, VerdictGiven
from upheld.report import sentences
from upheld.report.history import History, Recorded
from upheld.report.model import EvidenceLine, Standing
from upheld.report.rulebook import Rulebook
from upheld.report.steps import Lines

_COUNTS = {"met": Standing.KEPT, "missed": Standing.MISSED}


def verdict_lines(history: History, book: Rulebook) -> Lines:
    """A line for each verdict, with its clause; of several with one key only the last counts.

    A verdict that is neither met nor missed takes the one before it back.
    """
    given = [each for each in history.recorded if isinstance(each.event.body, VerdictGiven)]
    last = {_body(each).key: each for each in given}
    for each in given:
        body = _body(each)
        what = _said(body, history, book)
        if body.verdict not in _COUNTS:
            standing, what = Standing.SUPERSEDED, f"late news took back that it was {body.corrects}"
        elif each is not last[body.key]:
            standing, what = Standing.SUPERSEDED, f"{what}; late news corrected it"
        elif each.enforced(body.due):
            standing = _COUNTS[body.verdict]
        else:
            standing = Standing.BEFORE_ENFORCEMENT
        yield body.clause, EvidenceLine(history.id, body.due, what, body.key, standing)


def _body(recorded: Recorded) -> VerdictGiven:
    assert isinstance(recorded.event.body, VerdictGiven)
    return recorded.event.body


def _said(body: VerdictGiven, history: History, book: Rulebook) -> str:
    if book.orders_work(body.clause, body.rule):
        return _passed_over(body, history)
    return sentences.verdict(body, book.target(body.clause, body.rule))


def _passed_over(body: VerdictGiven, history: History) -> str:
    for each in history.recorded:
        fact = each.event
        if isinstance(fact.body, PassedOver) and body.key.endswith(f"/{fact.id}"):
            return f"{fact.actor.id} began it while {', '.join(fact.body.cases)} stood unworked"
    return "begun while a more severe case stood unworked"
