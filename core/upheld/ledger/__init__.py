"""The one transaction: subjects, events, outbox, leases. It knows no policy."""

from upheld.ledger.faults import Conflict, DeciderFault
from upheld.ledger.ledger import Ledger
from upheld.ledger.records import (
    CREATE_ITEM,
    WITHDRAW,
    Attempt,
    CaseFilter,
    ChainFault,
    Delivery,
    Kept,
    LeasedDelivery,
    Link,
    ListedCase,
    NewDelivery,
    Node,
    OutboxItem,
    ParkedSubject,
    PullLease,
    PullStatus,
    Site,
    StopState,
    StoredEvent,
)
from upheld.ledger.states import UNFINISHED, DeliveryState, Fate, OutboxState
from upheld.ledger.transaction import Transaction

__all__ = [
    "CREATE_ITEM",
    "UNFINISHED",
    "WITHDRAW",
    "Attempt",
    "CaseFilter",
    "ChainFault",
    "Conflict",
    "DeciderFault",
    "Delivery",
    "DeliveryState",
    "Fate",
    "Kept",
    "LeasedDelivery",
    "Ledger",
    "Link",
    "ListedCase",
    "NewDelivery",
    "Node",
    "OutboxItem",
    "OutboxState",
    "ParkedSubject",
    "PullLease",
    "PullStatus",
    "Site",
    "StopState",
    "StoredEvent",
    "Transaction",
]
