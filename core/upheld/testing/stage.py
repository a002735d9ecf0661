"""A whole site on a stage: the real daemon on a stepped clock, with stand-ins at its far ends.

Mail goes over real sockets to a mail simulator, pages to a PagerDuty simulator, calls to a file of
the terminal notifier. The demo plays its story here, and so do the acceptance tests.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from upheld.calendar.instant import Instant, instant, parse
from upheld.registry import Registry
from upheld.testing.clock import SteppedClock

if TYPE_CHECKING:
    from types import TracebackType

    from upheld.daemon.loops import Daemon
    from upheld.daemon.site import Site

START: Final = "2026-03-28T22:30:00+00:00"
_HEAD: Final = re.compile(r"^\+--- (\w+)(?: \(urgent\))? to (.+?) at (\S+) (\S+Z)", re.MULTILINE)
_SENT: Final = "Sent"
_ADDRESS: Final = re.compile(r"<([^<>]*)>$")


@dataclass(frozen=True, slots=True)
class Got:
    """What a far end got: on a channel, to an address (a page: to a person), and what it says.

    ``what`` is the subject; for a page the event's action and the summary.
    """

    at: Instant
    channel: str
    to: str
    what: str
    key: str = field(default="", compare=False)
    text: str = field(default="", compare=False, repr=False)


def simulator(plugin: str, clock: Callable[[], datetime]) -> Any:
    """The stand-in that a plugin brings for its far end."""
    registry = Registry.load([plugin])
    where = getattr(registry.plugin(plugin), "simulator", None)
    if where is None:
        raise LookupError(f"plugin {plugin!r} brings no simulator")
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)(clock)


class Stage:
    """Use it in a ``with``. ``config`` replaces parts of the site's upheld.yaml, by key."""

    def __init__(
        self,
        folder: Path,
        *,
        start: str = START,
        database: str | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder = folder
        self.clock = SteppedClock(parse(start))
        self.mail = simulator("email", self.clock.as_datetime)
        self.mail.add_folder(_SENT)
        self.pager = simulator("pagerduty", self.clock.as_datetime)
        self._read: dict[Any, list[Got]] = {}
        self._changes = dict(config or {})
        self._database = database
        self._open = ExitStack()
        self.site: Site
        self.daemon: Daemon

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            for each in self._far_ends():
                opened.enter_context(each)
            opened.enter_context(environment(self._secrets()))
            self._start(opened)
            self._open = opened.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def restart(self) -> None:
        """End the daemon and start a new one on the same ledger."""
        self.daemon.close()
        self.site.close()
        self._start(self._open)

    def settle(self) -> None:
        """Let everything happen that is to happen at this instant."""
        self.daemon.settle()

    def forward_to(self, until: Instant) -> None:
        """Step from one ``wake_at`` to the next, settling at each, until an instant."""
        while True:
            self.settle()
            wake = self.next()
            if wake is None or wake > until:
                break
            self.clock.forward_to(max(wake, self.clock.now()))
        self.clock.forward_to(until)
        self.settle()

    def next(self) -> Instant | None:
        """The next instant at which something is to happen; None where nothing is."""
        ledger = self.site.ledger
        return ledger.next_work() if self.daemon.prober.watches else ledger.next_wake()

    def got(self) -> list[Got]:
        """All that the far ends got so far, in order."""
        return sorted([*self._mail(), *self._pages(), *self._calls()], key=lambda got: got.at)

    def _start(self, opened: ExitStack) -> None:
        from upheld.config import config_from
        from upheld.daemon.site import Site
        from upheld.source import Document

        document = Document(self._config(), "upheld.yaml", "", {})
        config = config_from(document, self.folder)
        self.site = Site.of(config, clock=self.clock)
        opened.callback(self.site.close)
        self.daemon = self.site.daemon()
        opened.callback(self.daemon.close)

    def _far_ends(self) -> Iterable[AbstractContextManager[object]]:
        """The stand-ins, which are up as long as the stage is, whatever daemon runs."""
        return (self.mail, self.pager)

    def _secrets(self) -> dict[str, str]:
        return {"STAGE_MAIL_PASSWORD": self.mail.password, "STAGE_PAGER_KEY": self.pager.key}

    def _config(self) -> dict[str, Any]:
        mail = {
            "plugin": "email",
            "address": self.mail.address,
            "imap": self.mail.imap_url,
            "authserv_id": self.mail.authserv_id,
            "smtp": self.mail.smtp_url,
            "sent": _SENT,
            "password": {"env": "STAGE_MAIL_PASSWORD"},
        }
        pager = {
            "plugin": "pagerduty",
            "key": {"env": "STAGE_PAGER_KEY"},
            "events_url": self.pager.url,
        }
        whole = {
            **SITE,
            "data": str(self.folder),
            "connections": {
                "mailbox": mail,
                "pager": pager,
                "phone": {"plugin": "terminal", "to": "calls.txt"},
            },
        }
        if self._database is not None:
            whole["database"] = self._database
        return whole | self._changes

    def _mail(self) -> Iterator[Got]:
        for sent in self.mail.sent:
            if sent not in self._read:  # parsing a mail takes longer than sending it
                self._read[sent] = _mails(sent)
            yield from self._read[sent]

    def _pages(self) -> Iterator[Got]:
        for event in self.pager.received:
            summary = event.body.get("payload", {}).get("summary", "")
            person = event.dedup_key.rpartition(">")[2].partition("/")[0]
            what = f"{event.action} {summary}".strip()
            yield Got(instant(event.at), "page", person, what, event.dedup_key)

    def _calls(self) -> Iterator[Got]:
        file = self.folder / "connections" / "phone" / "calls.txt"
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        heads = list(_HEAD.finditer(text))
        ends = [head.start() for head in heads[1:]] + [len(text)]
        for head, end in zip(heads, ends, strict=False):
            body = text[head.end() : end]
            lines = [line.removeprefix("|").strip() for line in body.splitlines()[1:]]
            found = _ADDRESS.search(head[2])
            at = parse(f"{head[3]}T{head[4]}")
            to = found[1] if found else head[2]
            yield Got(at, head[1].lower(), to, lines[0] if lines else "", text="\n".join(lines))


def _mails(sent: Any) -> list[Got]:
    """What a mail is to each of its recipients."""
    message, at = sent.message, instant(sent.at)
    what, key, text = str(message["Subject"]), str(message["Message-ID"]), message.get_content()
    return [Got(at, "mail", to, what, key, text) for to in sent.recipients]


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """These variables are set while the block runs; then all is as it was."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


#: Magnolia's people and customers on the stage.
SITE: Final[Mapping[str, Any]] = {
    "site": "stage",
    "policy": "magnolia",
    "zone": "America/New_York",
    "go_live": {"mode": "live", "live_for": ["all"]},
    "customers_hear_by": "mailbox",
    "people": {
        "ann": {"name": "Ann Reyes", "mail": "ann@magnolia.example", "phone": "+12025550101"},
        "bo": {"name": "Bo Lindt", "mail": "bo@magnolia.example", "phone": "+12025550102"},
        "cy": {"name": "Cy Mora", "mail": "cy@magnolia.example", "phone": "+12025550103"},
        "vera": {"name": "Vera Olsen", "mail": "vera@magnolia.example", "phone": "+12025550104"},
    },
    "reach": {
        "page": [{"page": "pager"}],
        "call": [{"voice": "phone"}],
        "notify": [{"mail": "mailbox"}],
    },
    "roles": {
        "operations-manager": "ann",
        "on-duty-engineer": "bo",
        "support-team": ["ann", "bo", "cy"],
        "vp-operations": "vera",
        "operator": "ann",
    },
    "links": {
        "troubleshooting": "https://magnolia.example/help",
        "downloads": "https://magnolia.example/partners",
    },
    "customers": {
        "acme": {
            "name": "Acme Internet",
            "kind": "isp",
            "domains": ["acme.example"],
            "contacts": [
                {
                    "name": "Pat Lin",
                    "mail": "pat@acme.example",
                    "phone": "+12025550111",
                    "is": ["contact", "technical"],
                },
                {
                    "name": "Ray Ode",
                    "mail": "ray@acme.example",
                    "phone": "+12025550112",
                    "is": "escalation-manager",
                },
            ],
        },
    },
}
