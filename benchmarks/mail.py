"""What mail costs: reading a full mailbox, and the time from a mail to its acknowledgement.

    python benchmarks/mail.py [--mails N] [--letters N] [--mutated N] [--json]

A mailbox of N mails (10,000) is read by the plugin and by imap-tools alone, fetching and parsing the
same, in turns; memory is that of the process, after a tenth of the mails and after all of them.
Then a daemon of its own waits in IDLE, N letters (200) come one after the other, and the time until
the acknowledgement is handed to SMTP is taken. ``--mutated`` takes in that many mutated mails, and
ends with 1 where one is lost, or was choked on.

The mailbox lies on Dovecot where UPHELD_TEST_MAIL names one (scripts/mail-servers), or else on the
simulator, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from imap_tools.mailbox import MailBoxUnencrypted
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.plugins.email.fuzz import played

from upheld.ledger import Ledger
from upheld.plugin import Message
from upheld.testing import make_context
from upheld.testing.stage import SITE
from upheld_email.adapter import Email
from upheld_email.config import EmailConfig
from upheld_email.far_end.servers import VARIABLE, MailServers, named
from upheld_email.simulator import MailSimulator

#: A small corporate mail: a reply with its quote, text and HTML.
_BODY: Final = (
    "It is the second one, and it does not answer since noon.\n\n" + "> quoted line\n" * 40
)
_PAGE: Final = 50
_ROUNDS: Final = 3


def now() -> datetime:
    """The machine's clock: what is measured is real time."""
    return datetime.now(UTC)


def mail(number: int) -> bytes:
    """One of many, by somebody of their own."""
    lines = (
        "Authentication-Results: mx.simulator.example; dmarc=pass header.from=acme.example",
        f"From: Somebody {number} <somebody{number}@acme.example>",
        "To: support@magnolia.example",
        f"Subject: Server {number} is slow",
        f"Message-ID: <m{number}@acme.example>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/alternative; boundary="b"',
        "",
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{_BODY}",
        f"--b\nContent-Type: text/html; charset=utf-8\n\n<p>{_BODY.replace(chr(10), '<br>')}</p>",
        "--b--\n",
    )
    return "\n".join(lines).replace("\n", "\r\n").encode()


# --- a full mailbox -----------------------------------------------------------------------------


def _simulated(mails: int, line: Connection) -> None:
    with MailSimulator(now) as far:
        for number in range(mails):
            far.deliver(mail(number))
        line.send((far.address, far.password, far.imap_url, far.smtp_url))
        line.recv()


@contextmanager
def full_mailbox(mails: int) -> Iterator[EmailConfig]:
    """A mailbox with so many mails, on a server in other processes than this one."""
    if os.environ.get(VARIABLE):
        with MailServers(now, named()) as far:
            for number in range(mails):
                far.deliver(mail(number))
            # Past the front, which is of this process.
            imap = f"imap://127.0.0.1:{far.ports['imap']}"
            yield _config(far.address, far.password, imap, far.smtp_url)
        return
    context = get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=_simulated, args=(mails, there))
    server.start()
    yield _config(*here.recv())
    here.send("enough")
    server.join()


def _config(address: str, password: str, imap: str, smtp: str) -> EmailConfig:
    secret = SecretStr(password)
    given: dict[str, Any] = {"address": address, "imap": imap, "smtp": smtp, "password": secret}
    return EmailConfig(**given, page=_PAGE, authserv_id="mx.simulator.example", timeout=60)


def resident() -> int:
    """Bytes of memory that this process has (proc(5))."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def by_plugin(config: EmailConfig, folder: Path, mails: int) -> tuple[float, int]:
    """Seconds for all pages, and the bytes that memory grew by after the first tenth."""
    read, early, cursor, more = 0, 0, None, True
    with (
        make_context(folder, now, "mailbox") as context,
        closing(Email(config, context)) as mailbox,
    ):
        began = time.perf_counter()
        while more:
            page = mailbox.pull(cursor)
            read += sum(isinstance(item, Message) for item in page.items)
            cursor, more = page.cursor, page.more
            early = early or (resident() if read >= mails // 10 else 0)
        took = time.perf_counter() - began
    assert read == mails, f"{read} of {mails} mails came"
    return took, resident() - early


def by_library(config: EmailConfig, mails: int) -> float:
    """Seconds for the same by imap-tools alone: fetched as many at a time, parsed, body and all."""
    port = int(config.imap.rpartition(":")[2])
    password = config.password.get_secret_value() if config.password else ""
    with MailBoxUnencrypted("127.0.0.1", port).login(config.address, password) as box:
        began, read = time.perf_counter(), 0
        for each in box.fetch(mark_seen=False, bulk=_PAGE):
            read += bool(each.headers and each.subject and each.from_ and each.text and each.html)
        assert read == mails, f"{read} of {mails} mails came"
        return time.perf_counter() - began


def reading(mails: int) -> dict[str, Any]:
    """In turns, the best of each: what else runs on the machine only ever takes time away.

    The ratio is of CPU time, which hardly minds how busy the machine is.
    """
    with tempfile.TemporaryDirectory() as scratch, full_mailbox(mails) as config:
        ours, theirs, ratios, grown = [], [], [], []
        for _ in range(_ROUNDS):
            began = time.process_time()
            theirs.append(by_library(config, mails))
            between = time.process_time()
            took, more = by_plugin(config, Path(scratch), mails)
            ours.append(took)
            grown.append(more)
            ratios.append((between - began) / (time.process_time() - between))
    return {
        "server": "Dovecot" if os.environ.get(VARIABLE) else "simulator",
        "mails": mails,
        "ours a second": round(mails / min(ours)),
        "imap-tools a second": round(mails / min(theirs)),
        "of imap-tools": round(min(theirs) / min(ours), 2),
        "of imap-tools, by CPU": round(median(ratios), 2),
        "memory grown, MB": round(max(grown) / 1e6, 1),
    }


# --- from a mail to its acknowledgement -----------------------------------------------------------


@contextmanager
def daemon(far: MailSimulator, folder: Path) -> Iterator[None]:
    """``upheld run`` in a process of its own, once it waits for mail."""
    connections = {
        "mailbox": {
            "plugin": "email",
            "address": far.address,
            "imap": far.imap_url,
            "smtp": far.smtp_url,
            "authserv_id": far.authserv_id,
            "password": {"env": "BENCH_MAIL_PASSWORD"},
        },
        "phone": {"plugin": "terminal", "to": "calls.txt"},
    }
    reach = {
        "page": [{"page": "phone"}],
        "call": [{"voice": "phone"}],
        "notify": [{"mail": "mailbox"}],
    }
    # So many acknowledgements are a machine's doing, which the brake would hold.
    go_live = {
        "mode": "live",
        "live_for": ["all"],
        "brake": {"customer_messages": "1000000 in 10 minutes"},
    }
    changed = {"connections": connections, "reach": reach, "go_live": go_live}
    written = {**SITE, "data": str(folder), **changed}
    config = folder / "upheld.yaml"
    config.write_text(json.dumps(written), encoding="utf-8")
    command = [sys.executable, "-m", "upheld", "-c", str(config), "run"]
    variables = os.environ | {"BENCH_MAIL_PASSWORD": far.password}
    with (folder / "log").open("wb") as log:
        # What lies there at the first reading of all is nobody's promise yet.
        subprocess.run([*command, "--once"], env=variables, stdout=log, stderr=log, check=False)
        process = subprocess.Popen(command, env=variables, stdout=log, stderr=log)
        try:
            _until(lambda: far.idling == 1, 60)
            yield
        finally:
            process.terminate()
            process.wait(60)


def _until(met: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not met():
        if time.monotonic() > end:
            raise TimeoutError("the daemon does not do what is waited for")
        time.sleep(0.0005)


def acknowledging(letters: int) -> dict[str, Any]:
    """One letter after the other; each time the daemon waits in IDLE again."""
    took = []
    with (
        tempfile.TemporaryDirectory() as scratch,
        MailSimulator(now) as far,
        daemon(far, Path(scratch)),
    ):
        for number in range(letters):
            _until(lambda: far.idling == 1, 30)
            to, began = f"somebody{number}@acme.example", now()
            far.deliver(mail(number))
            _until(lambda to=to: bool(far.sent_to(to)), 30)  # type: ignore[misc]
            took.append((far.sent_to(to)[0].at - began).total_seconds())
    percentiles = quantiles(took, n=100)
    return {
        "letters": letters,
        "median, ms": round(median(took) * 1000),
        "p99, ms": round(percentiles[98] * 1000),
    }


# --- mutated mail ---------------------------------------------------------------------------------


def mutated(number: int) -> dict[str, Any]:
    """Taken in by a desk; the longest page in seconds, and what memory grew by after a tenth."""
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite:///{scratch}/ledger.db"
        Ledger.create(url)
        began = time.perf_counter()
        with Ledger.open(url, site="bench") as ledger:
            early: list[int] = []
            tally = played(
                ledger, Path(scratch), number, watch=lambda _done: early.append(resident())
            )
    return {
        "mutated": number,
        "fetched": tally.fetched,
        "in cases": tally.fates["cases"],
        "kept": tally.fates["kept"],
        "lost": len(tally.lost),
        "choked on": len(tally.untaken),
        "longest page, s": round(tally.longest, 2),
        "memory grown, MB": round((early[-1] - early[len(early) // 10]) / 1e6, 1),
        "seconds": round(time.perf_counter() - began),
        "sound": tally.sound,
    }


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mails", type=int, default=10_000, help="in the mailbox; 0: not read")
    parser.add_argument("--letters", type=int, default=200, help="to be acknowledged; 0: none")
    parser.add_argument("--mutated", type=int, default=0, help="mutated mails to be taken in")
    parser.add_argument("--json", action="store_true", help="one object")
    return parser.parse_args()


def main() -> int:
    """Measure what was asked for."""
    asked = _asked()
    parts = (
        (asked.mails, "reading", reading),
        (asked.letters, "acknowledging", acknowledging),
        (asked.mutated, "mutated", mutated),
    )
    found = {name: measure(number) for number, name, measure in parts if number}
    if asked.json:
        print(json.dumps(found, indent=2))
    else:
        for name, figures in found.items():
            print(name, *(f"  {what}: {figure}" for what, figure in figures.items()), sep="\n")
    return int(not found.get("mutated", {}).get("sound", True))


if __name__ == "__main__":
    sys.exit(main())
