"""The scripts of our page, run by a shell, with curl, before the real door."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from tests.pages import fences
from tests.plugins.door import Opened, opened
from tests.plugins.heartbeat.conftest import PUBLIC, url_of
from tests.repository import DOCS
from upheld.plugin import Health, Reading
from upheld.testing import ScratchContext, SteppedClock
from upheld_heartbeat.adapter import Heartbeat

BY_EXIT_CODE, BY_STAMP = fences(DOCS / "plugins" / "heartbeat.md", "sh")
with_curl = pytest.mark.skipif(
    shutil.which("curl") is None and "CI" not in os.environ, reason="no curl here"
)


def local(url: str, door: Opened) -> str:
    return url.replace(PUBLIC, f"http://127.0.0.1:{door.door.port}")


def run(script: str, url: str, tmp_path: Path, job: str) -> None:
    """The script, with a job of ours in place of the backup."""
    backup = tmp_path / "backup"
    backup.write_text(f"#!/bin/sh\n{job}\n")
    backup.chmod(0o755)
    own = script.replace("/usr/local/bin/backup", str(backup))
    assert own != script
    subprocess.run(
        ["/bin/sh", "-c", own],
        env={"PATH": os.environ["PATH"], "URL": url, "no_proxy": "*", "TMPDIR": str(tmp_path)},
        check=True,
        timeout=30,
    )


def only(door: Opened) -> Reading:
    (reading,) = door.items
    assert isinstance(reading, Reading)
    return reading


@with_curl
@pytest.mark.parametrize(
    ("job", "state", "detail"),
    [
        ("echo 12 files; exit 0", Health.UP, "12 files"),
        (
            "echo 12 files; echo disk full >&2; exit 3",
            Health.DOWN,
            "exit code 3: 12 files disk full",
        ),
        ("exit 127", Health.DOWN, "exit code 127"),
    ],
)
def test_a_job_tells_its_exit_code_and_its_log(
    jobs: Heartbeat,
    context: ScratchContext,
    tmp_path: Path,
    job: str,
    state: Health,
    detail: str,
) -> None:
    with opened(jobs, context) as door:
        run(BY_EXIT_CODE, local(url_of(jobs, "acme-backup"), door), tmp_path, job)
    assert (only(door).state, only(door).detail) == (state, detail)


@with_curl
def test_a_job_gives_back_its_stamp(
    jobs: Heartbeat, context: ScratchContext, clock: SteppedClock, tmp_path: Path
) -> None:
    with opened(jobs, context) as door:
        run(BY_STAMP, local(url_of(jobs, "acme/mirror"), door), tmp_path, "exit 2")
    assert only(door).monitor == "acme/mirror"
    assert (only(door).state, only(door).latency) == (Health.DOWN, timedelta(0))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
def test_every_way_to_call(jobs: Heartbeat, context: ScratchContext, method: str) -> None:
    with opened(jobs, context) as door, requests.Session() as session:
        session.trust_env = False
        answer = session.request(method, local(url_of(jobs, "acme mail 100%?#"), door), timeout=5)
    assert (answer.status_code, answer.text) == (200, "" if method == "HEAD" else "OK\n")
    assert (only(door).monitor, only(door).state) == ("acme mail 100%?#", Health.UP)
