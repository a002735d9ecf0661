"""People on the tracker: they work through Roundup's own program interface, on the same database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import roundup.date
import roundup.instance
import roundup.password

from upheld.plugin import Actor, Ref, Value, Visibility
from upheld.testing import SteppedClock
from upheld.testing.kit import (
    COLLEAGUE,
    MACHINE,
    SOMEBODY,
    Call,
    Fault,
    FaultProxy,
    Held,
    Stored,
    TrackerFarEnd,
)
from upheld_roundup.cursor import BATCH
from upheld_roundup.far_end.server import PASSWORD, USER, RoundupServer

#: What the words of the classic template mean.
MAP: Final[Mapping[str, object]] = {
    "title": "title",
    "severity": {"field": "priority", "values": {"critical": 1, "urgent": 2, "bug": 3}},
    "status": {
        "open": ["unread", "chatting"],
        "worked": "in-progress",
        "resolved": "resolved",
        "closed": "done-cbb",
    },
    "assignee": "assignedto",
    "due": "due",
}
_FIELDS: Final = ("title", "status", "priority", "assignedto", "due")


class Front(FaultProxy):
    """What stands before the server, one for all tests."""

    def __init__(self, target: str) -> None:
        super().__init__(target, writes=_writes)
        self._from, self.loses = 0, ""

    def begin(self) -> None:
        """A test begins: nothing was asked yet, and all is well."""
        self.heal()
        self.loses = ""
        self._from = len(super().calls())

    def calls(self) -> tuple[Call, ...]:
        """What came since the test began."""
        return super().calls()[self._from :]

    def fault(self, what: str, method: str) -> Fault | None:
        """A reply that is lost matters to who writes: that fault waits for a write, or for the one
        that `loses` begins with."""
        waits = method == "GET" or not what.startswith(self.loses)
        if waits and self._faults and self._faults[0] is Fault.LOST_REPLY:
            self.took(what, writes=_writes(method, what.partition(" ")[2]))
            return None
        return super().fault(what, method)


def _writes(method: str, path: str) -> bool:
    """Whether it may change something: there never is an item 0, at which `check` tries itself."""
    return method != "GET" and not path.startswith("/support/rest/data/issue/0")


class People(TrackerFarEnd):
    """The tracker, and people who work on it past the plugin."""

    live: ClassVar[bool] = True
    scope: ClassVar[str] = "issue"
    instant_field: ClassVar[str | None] = "due"
    page: ClassVar[int] = BATCH
    keys: ClassVar[Mapping[str, object]] = {
        "map": MAP,
        "customer_by": ["reporter_domain"],
        "staff": {"group": "Admin"},
    }
    severity_field: ClassVar[str] = "priority"
    severities: ClassVar[tuple[Value, Value]] = ("critical", "urgent")
    unmapped: ClassVar[tuple[str, Value] | None] = ("priority", "wish")
    budget: ClassVar[Mapping[str, int]] = {"create": 16, "change": 8, "idle": 1}
    lacks: ClassVar[Mapping[str, str]] = {
        Fault.EXPIRED.name: "every request carries the password: there is no session",
        Fault.WRONG_CLOCK.name: "the real server has the clock of this machine",
        Fault.LAG.name: "Roundup searches its database itself: there is no index that lags",
        "rename": "an item's key is its id",
        "webhook": "Roundup sends none",
        "history": "Roundup keeps a history and shows it to no program",
        "edit_comment": "an edit of a message does not touch its item in Roundup",
        "comment_of_unknown_visibility": "whoever sees an item sees its messages",
        "public_files": "whoever sees an item sees its files",
        "too_large": "Roundup has no limit of its own",
        "ten_thousand": "the real server needs minutes for so many",
    }

    def __init__(self, clock: SteppedClock, server: RoundupServer, front: Front) -> None:
        super().__init__(clock)
        self._server, self._front = server, front
        self._tracker = roundup.instance.open(str(server.home))
        self._first: dict[str, str] = {}
        server.clear()
        front.begin()
        with self._as("admin") as db:
            self._settle(db)

    @property
    def options(self) -> Mapping[str, object]:
        """The tracker as its people know it."""
        return {
            "url": self._server.web,
            "user": USER,
            "password": PASSWORD,
            "dates": ["due"],
            "timeout": 1,
        }

    def broken(self) -> Mapping[str, Mapping[str, object]]:
        """Each is told by another error."""
        return {
            "another password": {"password": "wrong"},
            "another class": {"item_class": "nosuch"},
            "another tracker": {"url": self._server.web.replace("support", "other")},
            "another name of the host": {"url": self._server.web.replace("127.0.0.1", "localhost")},
            "no such date": {"dates": ["nosuch"]},
        }

    def calls(self) -> tuple[Call, ...]:
        """What came to the front."""
        return self._front.calls()

    def inject(self, fault: Fault) -> None:
        """At the front; credentials are refused by Roundup itself."""
        if fault is Fault.REVOKED:
            self._set_user(password="another")  # noqa: S106 - no secret of anybody
        else:
            self._front.inject(fault)

    def lose_reply_to(self, request: str) -> None:
        """Of the requests that write, the first that begins so loses its reply."""
        self._front.loses = request
        self._front.inject(Fault.LOST_REPLY)

    def heal(self) -> None:
        """The front is well, and the password is as it was."""
        self._front.heal()
        self._set_user(password=PASSWORD)

    def ids(self) -> tuple[str, ...]:
        """Those that are not retired."""
        with self._as("admin") as db:
            return tuple(sorted(db.issue.list(), key=int))

    def stored(self, ref: Ref) -> Stored:
        """By Roundup's own program interface."""
        with self._as("admin") as db:
            node = db.issue.getnode(ref.id)
            messages = [each for each in node.messages if each != self._first.get(ref.id)]
            if ref.id not in self._first:  # created by the plugin, with a message of its own
                messages = messages[1:]
            fields = {name: _plain(db, name, node[name]) for name in _FIELDS}
            held = tuple(self._held(db, each) for each in sorted(messages, key=int))
            files = {f"{id_}/{db.file.get(id_, 'name')}": _bytes(db, id_) for id_ in node.files}
            return Stored(fields, held, files)

    def create(self, text: str, by: Actor, fields: Mapping[str, Value]) -> Ref:
        """With a message, as the web form does it."""
        with self._as(by.id) as db:
            message = db.msg.create(author=db.getuid(), content=text, date=roundup.date.Date())
            title = text.splitlines()[0]
            links = {"messages": [message], "nosy": [db.getuid()]}
            id_ = str(db.issue.create(title=title, **links, **_values(db, fields)))
            db.commit()
        self._first[id_] = message
        return self._ref(id_)

    def edit(self, ref: Ref, by: Actor, fields: Mapping[str, Value]) -> None:
        """In their name."""
        with self._as(by.id) as db:
            db.issue.set(ref.id, **_values(db, fields))
            db.commit()

    def comment(self, ref: Ref, by: Actor, text: str, visibility: Visibility) -> str:  # noqa: ARG002
        """All messages are public."""
        with self._as(by.id) as db:
            message = db.msg.create(author=db.getuid(), content=text, date=roundup.date.Date())
            db.issue.set(ref.id, messages=[*db.issue.get(ref.id, "messages"), message])
            db.commit()
            return str(message)

    def delete(self, ref: Ref) -> None:
        """Roundup retires what is deleted."""
        with self._as("admin") as db:
            db.issue.retire(ref.id)
            db.commit()

    def delete_comment(self, ref: Ref, comment: str) -> None:
        """The item loses its message."""
        with self._as("admin") as db:
            kept = [each for each in db.issue.get(ref.id, "messages") if each != comment]
            db.issue.set(ref.id, messages=kept)
            db.commit()

    def fill(self, number: int) -> None:
        """In one transaction."""
        with self._as(SOMEBODY.id) as db:
            for each in range(number):
                db.issue.create(title=f"One of many: {each}")
            db.commit()

    def set_zone(self, hours: int) -> None:
        """In our user's own settings."""
        self._set_user(timezone=str(hours))

    # --- parts ---

    @contextmanager
    def _as(self, user: str) -> Iterator[Any]:
        db = self._tracker.open(user)
        try:
            yield db
        finally:
            db.close()

    def _settle(self, db: Any) -> None:
        """Our own user, and the kit's people; each once."""
        for name, roles in (
            (USER, "Admin"),
            (SOMEBODY.id, "User"),
            (COLLEAGUE.id, "User,Admin"),
            (MACHINE.id, "User"),
        ):
            password = roundup.password.Password(PASSWORD, config=db.config)
            if name in [db.user.get(id_, "username") for id_ in db.user.list()]:
                db.user.set(db.user.lookup(name), password=password, timezone=None)
            else:
                address = name if "@" in name else f"{name}@example.test"
                db.user.create(username=name, roles=roles, address=address, password=password)
        db.commit()

    def _set_user(self, **values: str) -> None:
        with self._as("admin") as db:
            if "password" in values:
                password = roundup.password.Password(values["password"], config=db.config)
                db.user.set(db.user.lookup(USER), password=password)
            else:
                db.user.set(db.user.lookup(USER), **values)
            db.commit()

    def _held(self, db: Any, message: str) -> Held:
        node = db.msg.getnode(message)
        author = db.user.get(node.author, "username") if node.author else ""
        return Held(node.content or "", public=True, by=author, id=message)

    def _ref(self, id_: str) -> Ref:
        return Ref("issue", id_, f"issue{id_}", f"{self._server.web}issue{id_}")


def _values(db: Any, fields: Mapping[str, Value]) -> dict[str, Any]:
    """Names as ids, as the program interface wants them."""
    classes = {"status": "status", "priority": "priority", "assignedto": "user"}
    return {
        name: db.getclass(classes[name]).lookup(value) if name in classes else value
        for name, value in fields.items()
    }


def _plain(db: Any, name: str, value: Any) -> Value:
    if value is None:
        return None
    if name in {"status", "priority"}:
        return str(db.getclass(name).get(value, "name"))
    if name == "assignedto":
        return str(db.user.get(value, "username"))
    if isinstance(value, roundup.date.Date):
        return datetime.fromtimestamp(value.timestamp(), UTC)
    plain: Value = value
    return plain


def _bytes(db: Any, id_: str) -> bytes:
    content: bytes = db.file.get(id_, "binary_content")
    return content
