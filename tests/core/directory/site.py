"""A small site: three of ours, two customers."""

from __future__ import annotations

from typing import Any, Final

from upheld.calendar.instant import parse
from upheld.directory import Directory
from upheld.directory.build import Written, WrittenCustomer, build_directory
from upheld.directory.written import CustomerEntry, PersonEntry, RotationEntry
from upheld.errors import Place

NOON: Final = parse("2026-12-07T12:00:00Z")  # a Monday

PEOPLE: Final[dict[str, Any]] = {
    "ann": {"name": "Ann Reyes", "mail": "ann@magnolia.example", "phone": "+12025550101"},
    "bo": {"name": "Bo Lindt", "mail": "bo@magnolia.example", "pagerduty": "PBOL002"},
    "cy": {"name": "Cy Mora", "mail": "cy@magnolia.example", "zone": "Europe/Berlin"},
}
CUSTOMERS: Final[dict[str, Any]] = {
    "acme": {
        "name": "Acme Internet",
        "kind": "isp",
        "plan": "standard",
        "domains": ["acme.example", "*.acme.example"],
        "contacts": [
            {"name": "Ray Ode", "mail": "ray@acme.example", "is": "escalation-manager"},
            {"name": "Pat Lin", "mail": "Pat@acme.example", "is": ["contact", "technical"]},
            {
                "name": "Sky Poe",
                "mail": "sky@mail.example",
                "phone": "+12025550113",
                "is": "technical",
            },
        ],
        "servers": ["https://m1.acme.example", {"url": "https://m2.acme.example", "backup": True}],
    },
    "borealis": {
        "name": "Borealis AG",
        "kind": "solution-partner",
        "zone": "Europe/Berlin",
        "language": "de",
        "agreement": {"policy": "agreements/borealis.yaml", "until": "2027-12-31"},
        "domains": ["borealis.example"],
        "contacts": [{"name": "Uta Kern", "mail": "uta@borealis.example", "is": "technical"}],
    },
}
ROTATIONS: Final[dict[str, Any]] = {
    "ops": {"people": ["ann", "bo"], "weekly": "Mon 09:00"},
    "bench": {"people": ["bo", "cy", "ann"], "daily": "09:00", "starts": "2026-12-07"},
}
ROLES: Final = {
    "operations-manager": ("ops",),
    "on-duty-engineer": ("bench",),
    "support-team": ("ann", "bo", "cy", "ann"),
    "everybody": ("support-team", "vp"),
    "vp": ("cy",),
    "vacant": (),
}


def written(**changed: Any) -> Written:
    """The site as written; ``people``, ``customers``, ``roles`` and ``rotations`` may differ."""
    customers = changed.get("customers", CUSTOMERS)
    people = changed.get("people", PEOPLE)
    rotations = changed.get("rotations", ROTATIONS)
    return Written(
        people={name: PersonEntry.model_validate(each) for name, each in people.items()},
        roles=changed.get("roles", ROLES),
        rotations={name: RotationEntry.model_validate(each) for name, each in rotations.items()},
        customers=tuple(
            WrittenCustomer(name, CustomerEntry.model_validate(each), Place("upheld.yaml", n))
            for n, (name, each) in enumerate(customers.items(), 10)
        ),
        zone="America/New_York",
        places=lambda path: Place("upheld.yaml", len(path)),
    )


def site(**changed: Any) -> Directory:
    """The directory of the site."""
    return build_directory(written(**changed))
