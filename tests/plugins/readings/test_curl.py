"""The commands of our page, run by a shell, before the real door."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.pages import fences
from tests.plugins.door import Opened, opened
from tests.plugins.readings.conftest import SECRET, Made
from tests.repository import DOCS
from upheld.plugin import Health, Reading
from upheld.testing import ScratchContext

BY_TOKEN, BY_SIGNATURE = fences(DOCS / "plugins" / "readings.md", "sh")
(ANSWER,) = fences(DOCS / "plugins" / "readings.md", "json")
MISSING = [each for each in ("curl", "openssl") if shutil.which(each) is None]
pytestmark = pytest.mark.skipif(
    bool(MISSING) and "CI" not in os.environ, reason=f"no {' and '.join(MISSING)} here"
)


def run(script: str, door: Opened, **variables: str) -> str:
    given = {
        "PATH": os.environ["PATH"],
        "URL": f"http://127.0.0.1:{door.door.port}/hooks/checks",
        "SECRET": SECRET,
        "no_proxy": "*",
    }
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        env=given | variables,
        check=True,
        timeout=30,
        capture_output=True,
        text=True,
    )
    return done.stdout


def only(door: Opened) -> Reading:
    (reading,) = door.items
    assert isinstance(reading, Reading)
    return reading


def test_with_a_token(made: Made, context: ScratchContext) -> None:
    with opened(made(), context) as door:
        assert run(BY_TOKEN, door) == ANSWER
    assert (only(door).state, only(door).detail) == (Health.DOWN, "connection refused")
    assert only(door).version == "14.2"


def test_with_a_signature(made: Made, context: ScratchContext) -> None:
    signature = {"header": "X-Hub-Signature-256", "prefix": "sha256="}
    body = '{"monitor": "acme-mail", "state": "degraded", "detail": "é\\nü"}'
    with opened(made(signature=signature), context) as door:
        run(BY_SIGNATURE, door, BODY=body)
    assert (only(door).state, only(door).detail) == (Health.DEGRADED, "é ü")
