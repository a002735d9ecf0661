"""What is wrong, as the ledger and this process know it: pure looks, each in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from upheld.calendar.instant import DAY, MINUTE, SECOND, Instant, Span, iso
from upheld.case.window import Window
from upheld.desk.paused import held
from upheld.dispatch.brake import BRAKE, HELD, family
from upheld.dispatch.reaching import Reaching
from upheld.ledger import DeliveryState, Fate, Ledger, Node, PullStatus, Transaction, Trouble
from upheld.monitor.probing import Prober
from upheld.plugin import Ability, Finding, Level
from upheld.seam import Live

#: How late the sweep, the planning or a page may be before somebody hears of it.
OVERDUE: Final[Span] = 2 * MINUTE
#: A connection that was not read for so long is blind; a message that can wait may wait so long.
BLIND: Final[Span] = 10 * MINUTE
#: A daemon that was not heard for so long (machine time) is gone.
GONE: Final[Span] = 180 * SECOND
#: And one that was not heard for so long sends nothing just now: it looks around before it does again.
SILENT: Final[Span] = 45 * SECOND
#: A monitor that was paused without an end was forgotten after so long.
FORGOTTEN: Final[Span] = DAY
#: Of this the operator can't be told.
UNHEARD: Final = "unheard"
#: The ledger belongs to another site.
COPY: Final = "copy"
#: Trouble of one kind is told one by one up to here.
_AT_MOST: Final = 20
#: So many refused items in ten minutes are more than chance; fewer, where signatures don't fit.
_REFUSED: Final = 50
_FORGED: Final = 5


@dataclass(frozen=True, slots=True)
class Found:
    """Something that is wrong. ``family`` is what it is the same by, from one audit to the next.

    ``here``: only this daemon knows. ``overdue``: something promised has no outcome, or might go
    unseen; then no heartbeat goes out. ``mark`` grows when it got worse, and is told anew.
    """

    family: str
    subject: str
    what: str
    here: bool = False
    overdue: bool = False
    mark: int = 0

    def key(self, node: str) -> str:
        """What it is kept under in the ledger."""
        mark = f" #{self.mark}" if self.mark else ""
        return f"{self.family}{mark}{f' @{node}' if self.here else ''}"

    @property
    def finding(self) -> Finding:
        """As a line of the audit."""
        return Finding(Level.ERROR, self.subject, self.what)


@dataclass(frozen=True, slots=True)
class Kept:
    """A key taken apart again; ``node`` is None where every daemon knows."""

    trouble: Trouble
    family: str
    mark: int
    node: str | None

    @classmethod
    def of(cls, trouble: Trouble) -> Kept:
        """The row as it was written by ``Found.key``."""
        rest, _, node = trouble.key.partition(" @")
        name, _, mark = rest.partition(" #")
        return cls(trouble, name, int(mark or 0), node or None)

    @property
    def found(self) -> Found:
        """What it was written for, as far as the ledger keeps it."""
        return Found(self.family, self.trouble.subject, self.trouble.what, here=bool(self.node))


@dataclass(frozen=True, slots=True)
class Survey:
    """One moment's look at the ledger. ``names`` are the connections that there are, ``lives`` those
    that run here (none beside the daemon). Nothing is late before ``begun``."""

    tx: Transaction
    now: Instant
    names: Collection[str]
    lives: Sequence[Live] = ()
    begun: Instant = 0

    def all(self) -> Iterator[Found]:
        """All but what nobody was told, the most urgent kinds first."""
        yield from self.overdue()
        yield from self.unanswered()
        yield from self.parked()
        yield from self.blind()
        yield from self.stopped()
        yield from self.backlog()
        yield from self.letters()
        yield from self.held()
        yield from self.refused()
        yield from self.conflicts()
        yield from self.paused()
        yield from self.announced_late()
        yield from self.configs()

    def overdue(self) -> Iterator[Found]:
        """Cases whose time has come and that nobody has looked at, and messages that nobody planned."""
        parked = {subject.id for subject in self.tx.parked()}
        late = [
            case
            for case in self.tx.peek_due(self._before(OVERDUE), 100 + len(parked))
            if case not in parked
        ]
        if late:
            what = f"{counted(len(late), 'case')} overdue, {late[0]} first"
            yield Found("sweep", "sweep", what, overdue=True)
        waiting = self._sends and self.tx.unplanned_before(self._before(OVERDUE))
        if waiting:
            what = f"{counted(waiting, 'message')} waiting to be planned"
            yield Found("planning", "outbox", what, overdue=True)

    def unanswered(self) -> Iterator[Found]:
        """Messages that nobody has looked at though their time came: whoever is next is not tried."""
        # A daemon that has just begun looks at them now.
        begun = self._before(OVERDUE) > 0
        late = self.tx.not_looked_at(self.now, OVERDUE) if begun else ()
        if late:
            many = counted(len(late), "message")
            what = f"{many} nobody looks at: whoever comes next is not tried, {late[0]} first"
            yield Found("looks", "outbox", what, overdue=True)

    def parked(self) -> Iterator[Found]:
        """Cases that can't be decided."""
        parked = self.tx.parked()
        for subject in parked[:_AT_MOST]:
            what = f"parked, its decider failed: {subject.error}"
            yield Found(f"parked: {subject.id}", subject.id, what, overdue=True)
        if len(parked) > _AT_MOST:
            what = f"{counted(len(parked) - _AT_MOST, 'more case')} parked"
            yield Found("parked", "cases", what, overdue=True)

    def blind(self) -> Iterator[Found]:
        """Connections that are not read."""
        there = {pull.connection: pull for pull in self.tx.pulls()}
        readers = {live.name for live in self.lives if live.can(Ability.PULL)}
        # Of one whose credentials are refused that is said, and no more.
        told = {live.name for live in self.lives if live.waits_for_a_person}
        for name in sorted(set(self.names) & (there.keys() | readers) - told):
            pull = there.get(name) or PullStatus(name, None, None, None, 0, None)
            what = self._not_read(pull)
            if what:
                yield Found(f"blind: {name}", name, what, overdue=True)

    def _not_read(self, pull: PullStatus) -> str | None:
        if pull.error is None and not self.lives:
            return None  # beside the daemon, silence may mean no more than that nobody runs
        read, why = pull.succeeded, pull.error or "no pull has come to an end"
        since = read if pull.error else max(read or 0, self.begun)
        if read is None and pull.error:
            return f"never read: {why}"
        if since is None or self.now - since <= BLIND:
            return None
        return f"not read since {iso(read)}: {why}" if read else f"never read: {why}"

    def stopped(self) -> Iterator[Found]:
        """Connections that nobody calls just now."""
        for live in self.lives:
            name, why = live.name, live.stopped or live.tripped
            if live.waits_for_a_person:
                what = f"stopped: {why}; it waits until that is mended and the daemon restarted"
                yield Found(f"credentials: {name}", name, what, here=True, overdue=True)
            elif why:
                what = f"stopped: {why}; it is tried again by itself"
                yield Found(f"hangs: {name}", name, what, here=True, overdue=True)

    def backlog(self) -> Iterator[Found]:
        """Deliveries that should have gone out, and what became of nothing."""
        waking, others = self._before(OVERDUE), self._before(BLIND)
        for each in self.tx.backlog(waking=waking, others=others) if self._sends else ():
            why = each.detail or "nobody has tried"
            if each.connection not in self.names:
                why = "there is no such connection in upheld.yaml any more"
            what = f"{counted(each.count, 'message')} waiting since {iso(each.since)}: {why}"
            yield Found(f"backlog: {each.connection}", each.connection, what, overdue=True)

    def letters(self) -> Iterator[Found]:
        """Dead letters, and sendings of which nobody knows."""
        dead = self.tx.dead_letters()
        for name, count in Counter(each.connection for each in dead).items():
            last = max(each.changed for each in dead if each.connection == name)
            what = f"{counted(count, 'dead letter')} over {name}; see `upheld deadletters list`"
            yield Found(f"dead: {name}", "outbox", what, mark=last)
        unknown = self.tx.deliveries(states=(DeliveryState.UNKNOWN,))
        for name, count in Counter(each.connection for each in unknown).items():
            last = max(each.number for each in unknown if each.connection == name)
            what = f"{counted(count, 'sending')} over {name} whose outcome is not known"
            yield Found(f"unknown: {name}", "outbox", what, mark=last)

    def held(self) -> Iterator[Found]:
        """Messages that a person has to release or drop. Looked for only once one was held."""
        if not any(Kept.of(row).family.startswith((BRAKE, HELD)) for row in self.tx.troubles()):
            return
        held = self.tx.held()
        why = {family(reason): reason for reason in held}
        for name, reason in why.items():
            count = sum(n for other, n in held.items() if family(other) == name)
            do = "see `upheld outbox list`, then `release` or `drop`"
            what = f"{counted(count, 'message')} held, {reason}; {do}"
            yield Found(name, "outbox", what)

    def refused(self) -> Iterator[Found]:
        """Quarantine that fills quickly: a secret that does not fit any more, or somebody knocks."""
        lately = [
            each
            for each in self.tx.kept_lately(_REFUSED)
            if each.at > self.now - BLIND and each.fate is Fate.REFUSED
        ]
        forged = Counter(each.connection for each in lately if "signature" in each.reason.lower())
        for name, count in forged.items():
            if count >= _FORGED:
                what = (
                    f"{count} items in 10 minutes whose signature does not fit; compare the secret"
                )
                yield Found(f"signatures: {name}", name, what)
        for name, count in Counter(each.connection for each in lately).items():
            if count >= _REFUSED and forged[name] < _FORGED:
                what = f"{count} items refused in 10 minutes; see `upheld mail quarantine list`"
                yield Found(f"quarantine: {name}", name, what)

    def conflicts(self) -> Iterator[Found]:
        """Fields that both sides changed, and that wait for somebody to decide."""
        waiting = self.tx.conflicts(unresolved=True)
        for name, count in Counter(each.connection for each in waiting).items():
            newest = next(each for each in waiting if each.connection == name)
            what = (
                f"{counted(count, 'field')} held, changed on both sides: {newest.field} of"
                f" {newest.subject} last; see `upheld conflicts list`"
            )
            yield Found(f"conflicts: {name}", name, what, mark=newest.number)

    def paused(self) -> Iterator[Found]:
        """Monitors that were paused without an end, and forgotten."""
        named = {subject: name for name, subject in self.tx.paused()}
        pauses = ((each.id, held(each)) for each in self.tx.subjects(named))
        endless = [
            named[of]
            for of, pause in pauses
            if pause and pause[1].until is None and self.now - pause[0].at > FORGOTTEN
        ]
        if endless:
            many = f"{counted(len(endless), 'monitor')} paused for more than a day, without an end"
            what = f"{many}, {min(endless)} first; see `upheld monitors resume`"
            yield Found("paused", "monitors", what, mark=len(endless))

    def announced_late(self) -> Iterator[Found]:
        """Maintenance of which customers heard later than promised, as long as it is not over."""
        for listed in self.tx.windows():
            late = Window.read(listed.state).late
            if late is not None and late[2] > self.now:
                due, told, _ = late
                what = (
                    f"{listed.id}, {listed.title} of {listed.customer}: announced {iso(told)}, and promised"
                    f" for {iso(due)}; see `upheld monitors window list`"
                )
                yield Found(f"announced late: {listed.id}", listed.id, what, mark=due // SECOND)

    def configs(self) -> Iterator[Found]:
        """Daemons that do not run the same upheld.yaml."""
        alive = running(self.tx, SILENT)
        if len({node.config for node in alive}) > 1:
            names = ", ".join(f"{node.id} ({node.config[:8]})" for node in alive)
            what = f"daemons run different upheld.yaml, so none of them sends: {names}"
            yield Found("configs", "daemons", what, overdue=True)

    def unheard(self, found: Iterable[Found]) -> Iterator[Found]:
        """Trouble that still is and of which nobody could be told: the last way left is that the
        heartbeat stops."""
        families = {each.family for each in found}
        rows = (row for row in self.tx.troubles() if row.told is None and row.attempts)
        untold = [row for row in rows if Kept.of(row).family in families]
        if untold:
            what = f"nobody could be told of {counted(len(untold), 'trouble')} since {iso(untold[0].since)}"
            yield Found(UNHEARD, "operator", what, overdue=True)

    @property
    def _sends(self) -> bool:
        # Under a stop it waits because somebody wants it to.
        return self.tx.stopped() is None

    def _before(self, age: Span) -> Instant:
        """What began before this is late by now."""
        before = self.now - age
        return before if self.begun <= before else 0


def copied(ledger: Ledger) -> Iterator[Found]:
    """That the ledger is a copy: it decides, and leaves the world outside alone."""
    if ledger.foreign:
        what = f"it is a copy, and belongs to site {ledger.site.name!r}: nothing is read or sent"
        yield Found(COPY, "ledger", what, here=True)


def unlooked(reaching: Reaching) -> Iterator[Found]:
    """Messages of which nobody can tell who is tried next, for as long as they are looked at in vain."""
    late = reaching.planner.records.clock.now() - OVERDUE
    # Else it was taken back, or another daemon could look at it.
    found = [(k, why) for k, (why, again) in tuple(reaching.failing.items()) if again > late]
    if found:
        key, why = found[0]
        what = f"{counted(len(found), 'message')} can't go on to whoever comes next, {key} first: {why}"
        yield Found("reaching", "outbox", what, here=True, overdue=True)


def running(tx: Transaction, within: Span = GONE) -> list[Node]:
    """The daemons that were heard lately."""
    return tx.heard(within)


def counted(number: int, thing: str) -> str:
    """So many of a thing: `1 case`, `2 cases`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def sightless(prober: Prober) -> Iterator[Found]:
    """That nothing of what is watched can be believed: one page, and no case of all that seems to fail."""
    why = prober.sightless
    if why:
        what = f"monitors are blind: {why}; nothing is taken for an outage until that is over"
        yield Found("blind: monitors", "monitors", what, here=True, overdue=True)
