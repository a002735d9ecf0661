"""The real Roundup for these tests; where it is not installed they are skipped, but never in CI."""

from __future__ import annotations

import importlib.util
import os

import pytest

MISSING = importlib.util.find_spec("roundup") is None
WHY = "Roundup is not installed: pip install -e 'examples/upheld-roundup[conformance]'"

if MISSING and os.environ.get("CI"):
    pytest.exit(WHY, returncode=1)

collect_ignore = ["test_real_server.py", "test_with_upheld.py"] if MISSING else []


def pytest_report_header() -> str:
    """Say what is left out, and why."""
    return f"examples/upheld-roundup: its tests on the real server are SKIPPED. {WHY}" * MISSING
