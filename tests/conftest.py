"""Where tests keep their files, and what they need not do twice."""

from __future__ import annotations

import gc
import os
import shutil
from pathlib import Path
from typing import Final

import pytest

#: In memory, where Linux keeps files that need not last: nobody pulls the plug of a test, so none
#: needs to wait for its disk. What ``TMPDIR`` names goes first.
_MEMORY: Final = Path("/dev/shm")
#: Bytes that must be free there; a container often has hardly any.
_ROOM: Final = 2_000_000_000

if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ.setdefault("TMPDIR", str(_MEMORY))


def pytest_collection() -> None:
    """What is collected stays: nobody need look for garbage meanwhile."""
    gc.disable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules with a test that is given more time come first: in the end no worker waits for one."""
    long = {item.path for item in items if item.get_closest_marker("timeout")}
    items.sort(key=lambda item: item.path not in long)


def pytest_collection_finish() -> None:
    """Nor need anybody look through thousands of tests each time there may be some."""
    gc.freeze()
    gc.enable()
