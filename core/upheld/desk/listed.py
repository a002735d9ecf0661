"""Cases of a ledger, page by page: there may be a hundred thousand of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Final

from upheld.ledger import CaseFilter, Transaction

_A_PAGE: Final = 500


def open_cases(tx: Transaction) -> Iterator[str]:
    """The ids of all open cases."""
    for offset in count(step=_A_PAGE):
        page = tx.cases(CaseFilter(open=True), limit=_A_PAGE, offset=offset)
        yield from (case.id for case in page)
        if len(page) < _A_PAGE:
            return
