"""One case in three places: two trackers and a mailbox, with the daemon between them. It can be killed
and started again; the far ends stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from tests.core.desk.scene import BO, PAT, Desk, message
from tests.crash.world import expire
from upheld.case.events import Actor as CaseActor
from upheld.case.events import Body, Event
from upheld.case.events import Side as CaseSide
from upheld.daemon.assembly import Configured, Parts, build_daemon
from upheld.daemon.loops import Daemon
from upheld.daemon.pulls import pull_all
from upheld.desk.intake import Source
from upheld.dispatch.routes import Mode, SafetyCatch, Way, Ways
from upheld.ledger import Fate
from upheld.plugin import (
    Ability,
    Actor,
    Channel,
    Comment,
    Connection,
    Draft,
    Ref,
    RemoteCase,
    Side,
    Visibility,
)
from upheld.testing import ScriptedConfig, ScriptedNotifier, ScriptedTracker
from upheld.testing.faults import Faults

CUSTOMER = Actor(PAT, "Pat Lin", side=Side.CUSTOMER)
ENGINEER = Actor(BO, "Bo Lindt", side=Side.STAFF)
_TRACKERS = ("jira", "remedy")
_TURNS = 300


class Forgetful(ScriptedTracker):
    """The same comment again is a second comment: it must be looked up before."""

    abilities: ClassVar[frozenset[Ability]] = ScriptedTracker.abilities - {Ability.REPEAT}

    def comment(self, ref: Ref, comment: Comment, key: str) -> Comment:
        self._keys.pop(key, None)
        return super().comment(ref, comment, key)


class Triangle:
    """Two trackers, a mailbox, a case of Pat's on all of them; nothing is left to do at first."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self.folder = desk, folder
        self.plugins: dict[str, Any] = {}
        self.daemon = self._built()
        pull_all(self.daemon.pullers)
        jira = self.far("jira").open(
            CUSTOMER, "Nobody can connect", title="Nobody can connect", severity=2
        )
        remedy = self.far("remedy")._new(_draft(), key=None)
        self.refs = {"jira": jira.ref, "remedy": remedy.ref}
        with desk.ledger.transaction() as tx:  # what is linked by hand opens no case of its own
            assert desk.intake.take(tx, Source("jira", "scripted-tracker"), jira)
            self.case = tx.cases()[0].id
            now, seq = desk.clock.now(), tx.subject(self.case).seq
            where: Any = {"remote_id": remedy.ref.id, "key": remedy.ref.key, "mirrored": seq}
            tx.link(self.case, "remedy", scope=remedy.ref.scope, now=now, **where)
        self.cycle()
        assert self.cycle() == 0

    def far(self, name: str) -> ScriptedTracker:
        found = self.plugins[name]
        assert isinstance(found, ScriptedTracker)
        return found

    def item(self, name: str) -> RemoteCase:
        return self.far(name).items[self.refs[name].id]

    def comments(self, name: str) -> list[tuple[str, str]]:
        """What stands there, without who said it, and who may read it."""
        found = self.item(name).comments or ()
        return [(each.text.rpartition("\n")[2], each.visibility.value) for each in found]

    def mails(self) -> list[str]:
        return [sent.message.text for sent in self.plugins["mailbox"].sent]

    # --- what people do ---

    def said_by_mail(self, text: str) -> None:
        with self.desk.ledger.transaction() as tx:
            tx.bind_thread("mailbox", f"thread-of-{self.case}", self.case)
        self.plugins["mailbox"].say(message(PAT, text=text, thread=(f"thread-of-{self.case}",)))

    def said_on(self, name: str, text: str, visibility: Visibility) -> None:
        at = self.desk.clock.as_datetime()
        self.far(name).say(self.refs[name], Comment("", text, visibility, ENGINEER, at))

    def fact(self, body: Body) -> None:
        now, actor = self.desk.clock.now(), CaseActor("bo", CaseSide.STAFF)
        event = Event(f"typed-{body.kind}-{now}", now, now, actor, body)
        self.desk.ledger.retrying(lambda tx: self.desk.records.add(tx, self.case, event))

    # --- the daemon ---

    def cycle(self) -> int:
        """Every connection is read once, and what follows is sent; how much was written to trackers."""
        before = self.writes()
        pull_all(self.daemon.pullers)
        for _ in range(_TURNS):
            self.later()
            if self.daemon._sweep() + self.daemon._dispatch() == 0:
                return self.writes() - before
        raise AssertionError("it does not come to rest")

    def writes(self) -> int:
        return sum(self.far(name).writes for name in _TRACKERS)

    def later(self) -> None:
        with self.desk.ledger._engine.begin() as connection:
            expire(connection)

    def restart(self, faults: Faults | None = None) -> None:
        """A new daemon, which knows what is on record and nothing else."""
        self.daemon = self._built()
        if faults is not None:
            for name, plugin in self.plugins.items():
                faults.watch_plugin(name, plugin)

    def _built(self) -> Daemon:
        kinds: dict[str, type[Connection[Any]]] = {
            "jira": ScriptedTracker,
            "remedy": Forgetful,
            "mailbox": ScriptedNotifier,
        }
        parts = Parts(
            records=self.desk.records,
            directory=self.desk.directory,
            connections=[
                Configured(kind, ScriptedConfig(), Source(name, kind.name))
                for name, kind in kinds.items()
            ],
            ways=Ways(
                page=(Way(Channel.MAIL, "mailbox"),),
                notify=(Way(Channel.MAIL, "mailbox"),),
                customer=(Way(Channel.MAIL, "mailbox"),),
            ),
            catch=SafetyCatch(Mode.LIVE, None, frozenset({"all"})),
            site="test",
            zone="UTC",
            folder=self.folder,
        )
        daemon = build_daemon(parts)
        for live in daemon.lives:
            _handed_over(self.plugins.get(live.name), live.plugin)
            self.plugins[live.name] = live.plugin
        return daemon

    def kept(self) -> int:
        """How many items could not be taken."""
        with self.desk.ledger.reading() as tx:
            return len([each for each in tx.kept() if each.fate is Fate.REFUSED])


def _handed_over(before: Any, after: Any) -> None:
    """The far end is the same, whoever connects to it."""
    if before is not None:
        own = {name: value for name, value in vars(before).items() if not callable(value)}
        vars(after).update({name: value for name, value in own.items() if name != "context"})


def _draft() -> Draft:
    return Draft("scripted", "The same", CUSTOMER, {"title": "Nobody can connect", "severity": 2})
