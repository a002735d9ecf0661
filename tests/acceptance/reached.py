"""A stage with a phone: Twilio's stand-in beside the pager's, and its callbacks as they come in."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.acceptance.story import Story
from upheld.calendar.instant import instant
from upheld.case.events import FailedOver
from upheld.dispatch.recipients import Recipients
from upheld.ledger import Transaction
from upheld.plugin import Inbound, Request
from upheld.report.people import PersonStory, people
from upheld.testing.stage import Got, Stage, simulator

HOOKS: Final = "https://support.magnolia.example/hooks/phone"
REACH: Final = {
    "page": [{"page": "pager"}, {"sms": "phone"}, {"voice": "phone"}],
    "call": [{"voice": "phone"}],
    "notify": [{"mail": "mailbox"}, {"sms": "phone"}],
    "then": "vp-operations",
}
NUMBERS: Final = {
    "+12025550101": "ann",
    "+12025550102": "bo",
    "+12025550103": "cy",
    "+12025550104": "vera",
}


class PhoneStage(Stage):
    """The stage of the other stories, where SMS and calls go to Twilio."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(folder, **options)
        self.phone = simulator("twilio", self.clock.as_datetime)
        self.phone.hook = HOOKS

    def _far_ends(self) -> Iterable[AbstractContextManager[object]]:
        return (*super()._far_ends(), self.phone)

    def _secrets(self) -> dict[str, str]:
        return super()._secrets() | {"STAGE_PHONE_TOKEN": self.phone.token}

    def _config(self) -> dict[str, Any]:
        whole = super()._config()
        phone = {
            "plugin": "twilio",
            "account": self.phone.account,
            "token": {"env": "STAGE_PHONE_TOKEN"},
            "number": self.phone.number,
            "url": self.phone.url,
        }
        connections = {**whole["connections"], "phone": phone}
        web = {"url": "https://support.magnolia.example"}
        return whole | {"connections": connections, "reach": REACH, "web": web} | self._changes

    def hear(self, request: Request) -> None:
        """A callback comes in at the door, and everything happens that is to happen then."""
        (puller,) = (each for each in self.daemon.pullers if each.source.name == "phone")
        received = puller.live.plugin.receive(request)
        ledger, intake = self.site.ledger, puller.intake
        for item in received.items:
            ledger.retrying(partial(_take, intake, puller.source, item))
        self.settle()

    def _calls(self) -> Any:
        for item in self.phone.sent:
            channel = "voice" if item.call else "sms"
            yield Got(instant(item.created), channel, NUMBERS.get(item.to, item.to), item.sid)


def _take(intake: Any, source: Any, item: Inbound, tx: Transaction) -> bool:
    taken: bool = intake.take(tx, source, item)
    return taken


class Reached(Story):
    """A story that is told by whom was reached over what."""

    stage: PhoneStage

    def people(self) -> list[tuple[str, str]]:
        """Who was reached over what so far, in order; mails are left out."""
        return [
            (got.to, got.channel)
            for got in self.stage.got()
            if got.channel in {"sms", "voice"} or got.what.startswith("trigger")
        ]

    def sid(self, to: str, channel: str) -> str:
        """Twilio's id of the last message or call to somebody."""
        return [g.what for g in self.stage.got() if (g.to, g.channel) == (to, channel)][-1]

    def becomes(self, to: str, channel: str, status: str, code: int | None = None) -> None:
        """Twilio tells what became of it."""
        self.stage.hear(self.stage.phone.tell(self.sid(to, channel), status, code))

    def explained(self, who: str, case: str = "C1") -> PersonStory:
        """What ``upheld explain --people`` says of somebody."""
        site = self.stage.site
        behind = Recipients(site.records, site.directory).behind
        found = people(site.records, case, lambda subject: lambda whom: behind(whom, subject))
        return next(story for story in found if story.person == who)

    def proofs(self, case: str = "C1") -> list[str]:
        """What stands on the case of pages that went on."""
        with self.stage.site.ledger.reading() as tx:
            bodies = [stored.event.body for stored in tx.events(case) if stored.event]
        return [
            f"{body.person} {body.channel}: {body.why} → {body.to_person} {body.to_channel}".strip()
            for body in bodies
            if isinstance(body, FailedOver)
        ]
