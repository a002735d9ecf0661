"""What was promised: the policy file as typed data."""

from __future__ import annotations

from upheld.policy.load import load_policy, load_shipped, shipped
from upheld.policy.model import Policy

__all__ = ["Policy", "load_policy", "load_shipped", "shipped"]
