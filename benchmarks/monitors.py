"""What it costs to watch: the real daemon asks targets on this machine by the real schedule.

    python benchmarks/monitors.py [--targets 10000] [--every "15 minutes"] [--minutes 5] [--json]

The daemon runs in a process of its own on one core, with the `http` probe, a ledger in SQLite and nothing
else to do. The targets are one server in another process, at as many addresses of the loopback net. It is
looked at for some minutes, once all were asked: when each request came is compared with when it was planned
(its place in the interval follows from its name), from outside; CPU is that of the daemon's whole process.
A machine that is busy with other work makes the lateness worse and the CPU share somewhat larger. With a
shorter ``--every`` the load is the same as of so many more targets.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from upheld.calendar.instant import SECOND
from upheld.case.monitor import Cadence
from upheld.engine.checks import next_check, phase
from upheld.policy.durations import parse_duration
from upheld.policy.times import Elapsed

_POLICY = """\
policy: bench
severities: {{1: {{name: Outage}}, 2: {{name: Other}}}}
document:
- heading: Watching
  clauses:
  - id: C-1
    says: Servers are watched.
    monitor: {{of: servers, every: {every}, requests: 10, spaced: 1 minute, opens: {{severity: 1}}}}
"""
_SITE = """\
site: bench
policy: bench.yaml
zone: UTC
data: data
connections: {paper: {plugin: terminal, to: paper.txt}}
people: {ann: {name: Ann Reyes, mail: ann@house.example}}
roles: {operator: ann, support: ann}
monitors:
"""
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


# --- the targets ----------------------------------------------------------------------------------


def serve(listening: socket.socket, parent: Connection, many: Any) -> None:
    """Answer, count, and keep who was asked when; hand that over when the parent asks for it."""
    asyncio.run(_serve(listening, parent, many))


async def _serve(listening: socket.socket, parent: Connection, many: Any) -> None:
    asked: list[tuple[str, float]] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        host = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"host:"))
        asked.append((host.split(b":")[1].strip().decode(), time.time()))
        many.value = len(asked)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nwell")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(take, sock=listening):
        await asyncio.to_thread(parent.recv)
    parent.send(asked)


def address(number: int) -> str:
    """One of the loopback net's."""
    return f"127.{1 + number // 62500}.{number // 250 % 250}.{1 + number % 250}"


# --- the daemon -----------------------------------------------------------------------------------


def site(folder: Path, targets: int, every: str, port: int) -> Path:
    """upheld.yaml and its policy."""
    (folder / "bench.yaml").write_text(_POLICY.format(every=every), encoding="utf-8")
    lines = (
        f"  t{n}: {{probe: http, url: 'http://{address(n)}:{port}/'}}\n" for n in range(targets)
    )
    file = folder / "upheld.yaml"
    file.write_text(_SITE + "".join(lines), encoding="utf-8")
    return file


def spent(pid: int) -> float:
    """CPU seconds so far, of user and system (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident(pid: int) -> float:
    """Megabytes in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]) * _PAGE / 2**20


def on_one_core() -> None:
    """All of the process's threads, the one that asks among them."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def run(file: Path) -> subprocess.Popen[bytes]:
    """The daemon; what it logs is beside its config."""
    words = [sys.executable, "-m", "upheld", "-c", str(file), "run", "--json-logs"]
    log = (file.parent / "log").open("wb")
    return subprocess.Popen(words, stderr=log, preexec_fn=on_one_core)  # noqa: PLW1509


def measured(file: Path, targets: int, minutes: float, many: Any) -> dict[str, float]:
    """Wait until all were asked once, then look for some minutes."""
    began = time.monotonic()
    with run(file) as daemon:
        try:
            while many.value < targets and daemon.poll() is None:
                time.sleep(1)
            start = time.monotonic() - began
            wall, cpu, since = time.monotonic(), spent(daemon.pid), time.time()
            time.sleep(minutes * 60)
            used = (spent(daemon.pid) - cpu) / (time.monotonic() - wall)
            return {"start": start, "cpu": used, "since": since, "mb": resident(daemon.pid)}
        finally:
            daemon.send_signal(signal.SIGTERM)


def lateness(
    asked: Sequence[tuple[str, float]], names: dict[str, str], every: int, since: float
) -> list[float]:
    """Seconds from when each request was planned to when it came, of those after ``since``. The first of each
    target comes soon after the start, and not at its place in the interval."""
    found, known = [], set()
    for host, at in asked:
        if host not in known or at < since:
            known.add(host)
            continue
        cadence = Cadence(every, phase=phase(names[host], every))
        moment = int(at * SECOND)
        planned = next_check(cadence, moment) - every
        found.append((moment - planned) / SECOND)
    return sorted(found)


def report(figures: dict[str, float]) -> None:
    """For people."""
    for name, value in figures.items():
        print(f"{name:28} {value:10.3f}")


def main() -> None:
    """Measure, and say what came of it."""
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    given.add_argument("--targets", type=int, default=10_000)
    given.add_argument("--every", default="15 minutes")
    given.add_argument("--minutes", type=float, default=5)
    given.add_argument("--json", action="store_true")
    asked = given.parse_args()
    every = parse_duration(asked.every)
    assert isinstance(every, Elapsed), "a time that takes no calendar"
    figures = bench(asked.targets, every, asked.minutes)
    print(json.dumps(figures)) if asked.json else report(figures)


def bench(targets: int, every: Elapsed, minutes: float) -> dict[str, float]:
    """All of it, in a folder that is gone afterwards."""
    ours, theirs = multiprocessing.Pipe()
    many = multiprocessing.Value("i", 0, lock=False)
    with socket.create_server(("0.0.0.0", 0), backlog=1024) as listening:
        port = listening.getsockname()[1]
        server = multiprocessing.Process(target=serve, args=(listening, theirs, many), daemon=True)
        server.start()
        with tempfile.TemporaryDirectory() as folder:
            file = site(Path(folder), targets, every.text, port)
            found = measured(file, targets, minutes, many)
        ours.send("over")
        came = ours.recv()
        server.join()
    names = {address(n): f"t{n}" for n in range(targets)}
    late = lateness(came, names, every.span, found["since"])
    return {
        "targets": targets,
        "every (s)": every.span / SECOND,
        "measured (min)": minutes,
        "readings": len(late),
        "readings a second": len(late) / minutes / 60,
        "CPU of one core (share)": found["cpu"],
        "memory (MB)": found["mb"],
        "late, median (s)": statistics.median(late),
        "late, p99 (s)": late[int(len(late) * 0.99)],
        "late, most (s)": late[-1],
        "all asked once after (s)": found["start"],
    }


if __name__ == "__main__":
    main()
