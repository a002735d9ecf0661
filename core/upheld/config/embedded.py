"""The config of a site that has no file: enough to look around, and nothing leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from upheld.config.load import config_from
from upheld.config.model import Config
from upheld.source import Document

#: Who the one person at the terminal is.
YOU: Final = "you"
_ROLES: Final = (
    "operations-manager",
    "vp-operations",
    "on-duty-engineer",
    "support-team",
    "operator",
)
#: Somebody to whom something is promised, so that a first case can be entered.
_CUSTOMER: Final[dict[str, Any]] = {
    "name": "Example Customer",
    "domains": ["customer.example"],
    "contacts": [
        {
            "name": "Pat Lin",
            "mail": "pat@customer.example",
            "phone": "+12025550111",
            "is": ["contact", "technical", "escalation-manager"],
        }
    ],
}


def embedded_default(folder: Path) -> Config:
    """The built-in tracker, messages to this terminal, SQLite in ``folder``, shadow mode.

    Nothing is created; ``folder`` is where the data will be.
    """
    data: dict[str, Any] = {
        "site": "embedded",
        "policy": "magnolia",
        "data": str(folder),
        "connections": {"desk": {"plugin": "builtin"}, "screen": {"plugin": "terminal"}},
        "customers_hear_by": "screen",
        "people": {YOU: {"name": "You", "terminal": YOU}},
        "reach": {
            "page": [{"page": "screen"}],
            "call": [{"voice": "screen"}],
            "notify": [{"mail": "screen"}],
        },
        "roles": dict.fromkeys(_ROLES, YOU),
        "customers": {"example": _CUSTOMER},
    }
    document = Document(data, "(no upheld.yaml)", "", {})
    return config_from(document, folder)
