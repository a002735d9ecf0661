"""The directory: customers, contacts, plans with validity, servers, people, roles, rotations."""

from __future__ import annotations

from upheld.directory.lookup import Directory
from upheld.directory.model import (
    Agreement,
    Contact,
    Customer,
    Person,
    PlanTerm,
    Recipient,
    Sender,
    Server,
)
from upheld.directory.rotation import Rotation

__all__ = [
    "Agreement",
    "Contact",
    "Customer",
    "Directory",
    "Person",
    "PlanTerm",
    "Recipient",
    "Rotation",
    "Sender",
    "Server",
]
