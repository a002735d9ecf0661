"""The whole conformance run, in both modes, by the documents: whatever is asked and answered in it is held
to them, as in every test of this folder (`conftest.py`).

It takes two minutes, so it runs in CI and where `UPHELD_JIRA_CONFORMANCE` is set.
"""

from __future__ import annotations

import os

import pytest

from upheld_jira.conformance import TestCloud, TestDataCenter

__all__ = ["TestCloud", "TestDataCenter"]

pytestmark = pytest.mark.skipif(
    not (os.environ.get("CI") or os.environ.get("UPHELD_JIRA_CONFORMANCE")),
    reason="two minutes: set UPHELD_JIRA_CONFORMANCE",
)
