"""What a probe costs, beside Prometheus' blackbox exporter over the same targets in the same run.

    python benchmarks/probes.py [--probes N] [--at-once N] [--rounds N] [--json]

A server in a process of its own answers on loopback. In each round both read it N times (2,000), as
many at once (50), one after the other and in turns; the exporter (Debian: prometheus-blackbox-exporter)
is asked for each probe over HTTP, as Prometheus does, over lines that stay open. Told are probes a
second by the clock, and seconds of CPU a thousand probes: ours of the whole process that reads, theirs
of the exporter alone, which may use every core. Ratios are of rounds in pairs, medians of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any, Final

from upheld.plugin import Health, Probe
from upheld_probes.http import Http
from upheld_probes.simulator import HTTP, Serve
from upheld_probes.tcp import Tcp

EXPORTER: Final = "prometheus-blackbox-exporter"
MODULES: Final = """
modules:
  http:
    prober: http
    timeout: 5s
    http: {preferred_ip_protocol: ip4, valid_status_codes: [200]}
  tcp:
    prober: tcp
    timeout: 5s
    tcp: {preferred_ip_protocol: ip4}
"""
_DEADLINE: Final = timedelta(seconds=5)
_BACKLOG: Final = 1000
_TICK: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of a round, by the clock and of CPU."""

    clock: float
    cpu: float


# --- the targets --------------------------------------------------------------------------------


async def _listen(line: Connection) -> None:
    serve: Serve = HTTP.serve("WELL")

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):  # a port was asked for, and no page
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0, backlog=_BACKLOG)
    line.send(server.sockets[0].getsockname()[1])
    await asyncio.to_thread(line.recv)


def _target(line: Connection) -> None:
    asyncio.run(_listen(line))


@contextmanager
def target() -> Iterator[int]:
    """A port at which a page is served, by another process."""
    context = get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=_target, args=(there,))
    server.start()
    yield here.recv()
    here.send("enough")
    server.join()


# --- the two that read it -----------------------------------------------------------------------


async def _each(number: int, at_once: int, probe: Callable[[], Awaitable[None]]) -> None:
    left = iter(range(number))

    async def worker() -> None:
        for _ in left:
            await probe()

    await asyncio.gather(*(worker() for _ in range(at_once)))


def _read(line: Connection) -> None:
    """A process that reads, as often as it is told to."""
    name, port = line.recv()
    probe: Probe[Any] = Http() if name == "http" else Tcp()
    given = {"url": f"http://127.0.0.1:{port}/"} if name == "http" else {}
    settings = probe.Config.model_validate(given or {"host": "127.0.0.1", "port": port})

    async def once() -> None:
        seen = await probe.read(settings, _DEADLINE)
        assert seen.state is Health.UP, seen.detail

    while (asked := line.recv()) is not None:
        number, at_once = asked
        began, used = time.perf_counter(), time.process_time()
        asyncio.run(_each(number, at_once, once))
        line.send(Cost(time.perf_counter() - began, time.process_time() - used))


@contextmanager
def ours(name: str, port: int) -> Iterator[Callable[[int, int], Cost]]:
    """Our probe, in a process of its own."""
    context = get_context("spawn")
    here, there = context.Pipe()
    reader = context.Process(target=_read, args=(there,))
    reader.start()
    here.send((name, port))

    def measured(number: int, at_once: int) -> Cost:
        here.send((number, at_once))
        cost: Cost = here.recv()
        return cost

    yield measured
    here.send(None)
    reader.join()


@contextmanager
def exporter(folder: Path) -> Iterator[tuple[int, int]]:
    """The exporter: its process and its port."""
    settings = folder / "blackbox.yml"
    settings.write_text(MODULES, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [f"--config.file={settings}", f"--web.listen-address=127.0.0.1:{port}"]
    process = subprocess.Popen([EXPORTER, *words, "--log.level=error"], stderr=subprocess.DEVNULL)
    try:
        _until_open(port)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(10)


def _until_open(port: int) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"{EXPORTER} does not start")


def theirs(pid: int, port: int, name: str, at: int) -> Callable[[int, int], Cost]:
    """The exporter's probe of the same target."""
    place = f"http://127.0.0.1:{at}/" if name == "http" else f"127.0.0.1:{at}"
    asked = f"GET /probe?module={name}&target={place} HTTP/1.1\r\nHost: a\r\n\r\n".encode()

    def measured(number: int, at_once: int) -> Cost:
        began, used = time.perf_counter(), cpu(pid)
        asyncio.run(_ask(port, asked, number, at_once))
        return Cost(time.perf_counter() - began, cpu(pid) - used)

    return measured


async def _ask(port: int, asked: bytes, number: int, at_once: int) -> None:
    left = iter(range(number))

    async def worker() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            writer.write(asked)
            body = await _answer(reader)
            assert b"probe_success 1" in body, body
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(worker() for _ in range(at_once)))


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].split()
    if length:
        return await reader.readexactly(int(length[0]))
    body = b""
    while size := int(await reader.readline(), 16):  # in chunks
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


# --- the run ------------------------------------------------------------------------------------


def compared(name: str, port: int, engine: tuple[int, int], asked: argparse.Namespace) -> Any:
    """Both, in turns, the one before the other and then after it."""
    pairs: list[tuple[Cost, Cost]] = []
    with ours(name, port) as mine:
        both = (mine, theirs(*engine, name, port))
        for each in both:  # what is loaded at the first time is no probe's cost
            each(asked.at_once * 2, asked.at_once)
        for number in range(asked.rounds):
            turn = both if number % 2 == 0 else both[::-1]
            found = {each: each(asked.probes, asked.at_once) for each in turn}
            pairs.append((found[both[0]], found[both[1]]))
    return told(name, pairs, asked.probes)


def told(name: str, pairs: list[tuple[Cost, Cost]], probes: int) -> dict[str, Any]:
    """Medians of the rounds."""
    return {
        "probe": name,
        "ours a second": round(median(probes / mine.clock for mine, _ in pairs)),
        "exporter a second": round(median(probes / other.clock for _, other in pairs)),
        "of the exporter": round(median(other.clock / mine.clock for mine, other in pairs), 2),
        "ours, CPU s a 1,000": round(median(m.cpu / probes * 1000 for m, _ in pairs), 3),
        "exporter, CPU s a 1,000": round(median(o.cpu / probes * 1000 for _, o in pairs), 3),
        "of the exporter, by CPU": round(median(o.cpu / m.cpu for m, o in pairs), 2),
    }


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--probes", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if shutil.which(EXPORTER) is None:
        sys.exit(f"there is no {EXPORTER}: apt-get install {EXPORTER}")
    with (
        tempfile.TemporaryDirectory() as scratch,
        target() as port,
        exporter(Path(scratch)) as engine,
    ):
        found = [compared(name, port, engine, asked) for name in ("http", "tcp")]
    load = os.getloadavg()[0]
    if asked.json:
        print(json.dumps({"load": round(load, 1), "found": found}))
        return
    print(
        f"{asked.rounds} rounds of {asked.probes} probes, {asked.at_once} at once; load {load:.1f}"
    )
    for each in found:
        print(*(f"{key}: {value}" for key, value in each.items()), sep="\n  ")


if __name__ == "__main__":
    main()
