"""The whole conformance run, in both modes, by the documents: whatever is asked and answered in it is held
to them, as in every test of this folder (`conftest.py`).
"""

from __future__ import annotations

import pytest

from upheld_jira.conformance import TestCloud, TestDataCenter

__all__ = ["TestCloud", "TestDataCenter"]

pytestmark = pytest.mark.conformance
