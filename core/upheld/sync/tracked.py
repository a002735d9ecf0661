"""Items of a tracker: each is a case, and what people did to it there are facts of the case.

An item is only read here. It is known by its link; one that Upheld created itself is known by the
key in it, whoever comes first: the tracker's news or the answer to the creation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from upheld.calendar.instant import Instant
from upheld.case.decision import Subject
from upheld.case.events import Actor, Event, Linked, Opened, Side
from upheld.desk.adoption import was_there_before
from upheld.desk.intake import Source
from upheld.desk.owner import owned
from upheld.desk.records import Records
from upheld.desk.restated import Whose
from upheld.directory import Customer, Directory
from upheld.errors import NotFound
from upheld.ledger import CREATE_ITEM, Agreed, Link, OutboxItem, Transaction
from upheld.plugin import RemoteCase
from upheld.policy.model import Policy
from upheld.sync.agreement import Standing
from upheld.sync.duplicates import Duplicate
from upheld.sync.gone import back
from upheld.sync.reader import Reader, created, initial, own_fields
from upheld.sync.seen import Came, Seen, Story
from upheld.sync.settle import Settling
from upheld.sync.spoken import Answer, Heard, Speech
from upheld.sync.terms import Tracking

_USUAL = Tracking()


@dataclass(frozen=True, slots=True)
class Tracked:
    """Takes items inside the transaction that moves the cursor. ``trackings`` is what each
    connection says of its tracker; where it says nothing, the tracker speaks our words."""

    records: Records
    directory: Directory
    trackings: Mapping[str, Tracking] = field(default_factory=dict)

    def take(self, tx: Transaction, source: Source, item: RemoteCase) -> bool:
        """One item as it is now; whether there was anything new. The same again changes nothing."""
        seen = self._seen(source, item)
        known = self._linked(tx, seen)
        if known is None and tx.unlinked(source.name, item.ref.id) is not None:
            return False  # people wanted it to be no case of ours any more, though we created it
        known = known or self._ours(tx, seen)
        if known is None and _its_case_is_to_come(tx, item):
            self._read_again(tx, source, item)
            return False
        if known is None:
            self._open(tx, seen)
            return True
        link, news = known
        return self._add(tx, seen, link, news)

    def _seen(self, source: Source, item: RemoteCase) -> Seen:
        tracking = self.trackings.get(source.name, _USUAL)
        return Seen(source, tracking, item, tracking.inward(item), self.records.clock.now())

    # --- which case it is ---

    def _linked(self, tx: Transaction, seen: Seen) -> tuple[Link, tuple[Event, ...]] | None:
        """The case that it is, and the event of a new name: it was moved, and is called otherwise."""
        source, item = seen.source, seen.theirs
        link = tx.linked(source.name, item.ref.id)
        if link is not None:
            back(tx, link)
        if link is None or link.key == item.ref.key:
            return None if link is None else (link, ())
        self._link(tx, seen, link.subject)
        return link, (seen.came(seen.linked(item.updated), 0).event,)

    def _ours(self, tx: Transaction, seen: Seen) -> tuple[Link, tuple[Event, ...]] | None:
        """The case for which Upheld created this item, though the answer has not come yet.

        A person who copies an item copies the key in it: what is linked already is no answer.
        """
        source, item = seen.source, seen.theirs
        made = _creation(tx, source, item.key) if item.key else None
        if made is None or tx.link_of(made.subject, source.name):
            return None
        link = self._link(tx, seen, made.subject)
        # The id is that under which the sender records it, so whoever is second changes nothing.
        body = Linked(source.name, item.ref.id, item.ref.key, item.ref.url)
        event = Event(f"linked:{made.key}", seen.now, seen.now, seen.provider, body)
        return link, (event,)

    def _read_again(self, tx: Transaction, source: Source, item: RemoteCase) -> None:
        ref, now = item.ref, self.records.clock.now()
        tx.keep_hint(
            source.name, scope=ref.scope, remote_id=ref.id, key=ref.key, url=ref.url, now=now
        )

    def _link(
        self, tx: Transaction, seen: Seen, case: str, *, since: Instant | None = None
    ) -> Link:
        ref, name = seen.theirs.ref, seen.source.name
        tx.link(
            case,
            name,
            remote_id=ref.id,
            key=ref.key,
            url=ref.url,
            scope=ref.scope,
            now=seen.now if since is None else since,
        )
        link = tx.link_of(case, name)
        assert link is not None
        return link

    # --- a new case ---

    def _open(self, tx: Transaction, seen: Seen) -> None:
        at, item = seen.opened, seen.ours
        opened, by = self._opened(tx, seen, at)
        policy = self._policy(item, opened, at)
        reader = self._reader(seen, policy)
        first = Event(seen.id, at, seen.now, by, opened)
        begun = (seen.linked(created(item)), *reader.begun(item, created(item), by))
        came = [seen.came(each, at) for each in begun]
        came += self._story(tx, seen, reader).happened([first])
        events = [each.event for each in came]
        case = Subject("C", "case", 0, policy.version, (first, *events))
        stated, answers = self._heard(tx, seen, case, came)
        stated += self._duplicated(tx, seen, reader, case)
        name = self.records.open_together(tx, first, opened, [*events, *stated])
        self._link(tx, seen, name, since=at)
        _answered(tx, seen, name, answers)
        settling = self._settling(seen, reader, None, tx.subject(name))
        self._agree(tx, seen, name, settling.begun())

    def _agree(self, tx: Transaction, seen: Seen, case: str, agreed: Mapping[str, Agreed]) -> None:
        name, version = seen.source.name, seen.theirs.version
        tx.agree(case, name, agreed, version, updated=seen.updated)

    def _policy(self, item: RemoteCase, opened: Opened, at: Instant) -> Policy:
        """The policy that the case opens under: its fields may tell."""
        return self.records.book.for_case(opened, at, own_fields(initial(item))).policy

    def _opened(self, tx: Transaction, seen: Seen, at: Instant) -> tuple[Opened, Actor]:
        source, fields = seen.source, initial(seen.ours)
        said = {name: str(value) for name, value in fields.items() if value is not None}
        reporter = self.directory.sender(said.get("reporter", ""), at)
        customer = self._whose(seen).by_fields(said.get("customer", ""), reporter)
        staff = reporter.person
        by = Actor(staff.id, Side.STAFF) if staff else Actor(reporter.address, _side(customer))
        # Nobody was promised anything for an item that is no customer's.
        old = customer is None or was_there_before(tx, source, at)
        title = said.get("title") or _first_line(said.get("text", ""))
        opened = Opened(
            source=source.plugin,
            subject=title or seen.theirs.ref.key,
            text=said.get("text", ""),
            reporter=reporter.address,
            reporter_name=reporter.name,
            customer_kind=reporter.kind,
            product=said.get("product"),
            version=said.get("version"),
            connection=source.name,
            enforced_from=None if old else at,
        )
        return owned(opened, customer, at), by

    # --- news of a case ---

    def _add(self, tx: Transaction, seen: Seen, link: Link, linked: tuple[Event, ...]) -> bool:
        case = tx.subject(link.subject)
        if seen.updated < (link.updated or 0):  # somebody has read it since it was read so
            return False
        reader = self._reader(seen, self.records.book.of(case.policy).policy)
        settling = self._settling(seen, reader, link, case)
        known = {fact.id for fact in case.facts}
        story = self._story(tx, seen, reader).happened(case.facts)
        came = [each for each in story if each.event.id not in known]
        linked = (*linked, *self._duplicated(tx, seen, reader, case))
        agreed: Mapping[str, Agreed] = {}
        changed = False
        if came or settling.moved():
            settled = settling.settle(came)
            agreed = settled.agreed
            changed = self._record(tx, seen, case, came, [*linked, *settled.events])
            self._journal(tx, seen, case.id, settled.standings)
        elif linked:
            changed = self.records.add_together(tx, case, linked)
        if agreed or (link.version, link.updated) != (seen.theirs.version, seen.updated):
            self._agree(tx, seen, case.id, agreed)
        return changed

    def _record(
        self,
        tx: Transaction,
        seen: Seen,
        case: Subject,
        came: Sequence[Came],
        events: Sequence[Event],
    ) -> bool:
        """All that is new, with what people of ours asked for, decided together."""
        now_known = replace(case, facts=(*case.facts, *events))
        stated, answers = self._heard(tx, seen, now_known, came)
        changed = self.records.add_together(tx, case, [*events, *stated])
        _answered(tx, seen, case.id, answers)
        return changed

    def _heard(
        self,
        tx: Transaction,
        seen: Seen,
        case: Subject,
        came: Iterable[Came],
    ) -> tuple[list[Event], list[Answer]]:
        """Verbs that people of ours wrote, each on the case as the ones before leave it."""
        facts: list[Event] = []
        answers: list[Answer] = []
        for each in came:
            said, event = each.news.said, each.event
            if said is None or was_there_before(tx, seen.source, event.at):
                continue
            before = replace(case, facts=(*case.facts, *facts))
            heard = Heard(self.records, tx, before, event.id, event.at)
            stated, answer = Speech(said, event.actor).stated(heard, self.directory)
            facts += stated
            answers.append(answer)
        return facts, answers

    def _journal(
        self, tx: Transaction, seen: Seen, case: str, standings: Mapping[str, Standing]
    ) -> None:
        """Both values of every conflict; one that is none any more is over."""
        name = seen.source.name
        waiting = {
            each.field: each
            for each in tx.conflicts(subject=case, unresolved=True)
            if each.connection == name
        }
        for where in standings.values():
            if where.merged.conflict:
                tx.journal(case, name, where.field, now=seen.now, **where.journal())
            elif where.field in waiting:
                number = waiting[where.field].number
                tx.resolve_conflict(number, "both", by="upheld", now=seen.now)

    def _duplicated(
        self, tx: Transaction, seen: Seen, reader: Reader, case: Subject
    ) -> list[Event]:
        """What its duplicate link makes of it. The other item may come after this one in the same
        reading, so that one which is no case yet is looked for once more."""
        duplicate = Duplicate(self.records, tx, seen, reader)
        facts = duplicate.facts(case)
        if facts and duplicate.unlinked:
            self._read_again(tx, seen.source, seen.theirs)
        return facts

    # --- who reads ---

    def _settling(self, seen: Seen, reader: Reader, link: Link | None, case: Subject) -> Settling:
        records = self.records
        return Settling(
            seen,
            reader,
            link.agreed if link else {},
            case.facts,
            lambda facts: records.life(replace(case, facts=tuple(facts))),
            created_here=link is not None and seen.theirs.key is not None,
        )

    def _story(self, tx: Transaction, seen: Seen, reader: Reader) -> Story:
        late = was_there_before(tx, seen.source, seen.opened)
        return Story(seen, reader, self._whose(seen), late)

    def _whose(self, seen: Seen) -> Whose:
        return Whose(self.directory, seen.tracking.customer_by)

    def _reader(self, seen: Seen, policy: Policy) -> Reader:
        source, tracking = seen.source, seen.tracking
        return Reader(
            self.directory,
            (source.name, source.plugin),
            frozenset(policy.severities),
            tracking.staff,
            tracking.map.flags,
            tracking.map.lines,
        )


def _answered(tx: Transaction, seen: Seen, case: str, answers: Iterable[Answer]) -> None:
    for each in answers:
        each.put(tx, case, seen.source.name, seen.now)


def _creation(tx: Transaction, source: Source, key: str) -> OutboxItem | None:
    """The message that has an item created here under this key. It need not have been sent yet, as
    far as we know: after a restore the item is there before we are about to create it."""
    try:
        made = tx.item(key)
    except NotFound:
        return None
    return made if (made.purpose, made.connection) == (CREATE_ITEM, source.name) else None


def _its_case_is_to_come(tx: Transaction, item: RemoteCase) -> bool:
    """Whether it is of a case that was opened after the backup: until `upheld resume`, that case may
    still be read from its mailbox, or be entered again. From then on it is a case of its own."""
    if item.key is None or tx.restored() is None or tx.stopped() is None:
        return False
    try:
        tx.item(item.key)
    except NotFound:
        return True
    return False  # a copy that a person made of an item of ours


def _side(customer: Customer | None) -> Side:
    return Side.CUSTOMER if customer else Side.UNKNOWN


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
