"""The directory: customers, contacts, plans with validity, servers, people, roles, rotations."""

from __future__ import annotations

from upheld.case.override import Override
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
from upheld.directory.rotation import Layer, Rotation, Shift

__all__ = [
    "Agreement",
    "Contact",
    "Customer",
    "Directory",
    "Layer",
    "Override",
    "Person",
    "PlanTerm",
    "Recipient",
    "Rotation",
    "Sender",
    "Server",
    "Shift",
]
