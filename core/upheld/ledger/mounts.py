"""Whether a folder lies on a network file system, as far as Linux tells.

SQLite's write-ahead log needs shared memory and honest locks; a network file system has neither
(sqlite.org/wal.html: "does not work over a network filesystem").
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK: Final = frozenset(
    {"afs", "beegfs", "ceph", "cifs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs"}
    | {"fuse.sshfs", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb2", "smb3"}
    | {"smbfs"}
)


def network_type(path: Path, mounts: str | None = None) -> str | None:
    """The type of the network file system that ``path`` is on; None for a local or untold one."""
    kind = _type(path.resolve(), _read() if mounts is None else mounts)
    return kind if kind in _NETWORK else None


def _read() -> str:
    return _MOUNTS.read_text(encoding="utf-8") if _MOUNTS.exists() else ""


def _type(path: Path, mounts: str) -> str | None:
    best, found = -1, None
    for line in mounts.splitlines():
        point, kind = _parse(line)
        # The last of two mounts on one point hides the first.
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, found = len(point.parts), kind
    return found


def _parse(line: str) -> tuple[Path, str]:
    left, _, right = line.partition(" - ")
    point = left.split()[4].replace("\\040", " ")
    return Path(point), right.split()[0]
