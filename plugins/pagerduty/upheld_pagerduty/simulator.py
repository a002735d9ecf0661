"""PagerDuty on this machine, for the demo, the tests and integrators: events, REST API, webhooks.

Everything is stamped with policy time. Use it in a ``with``::

    with PagerDutySimulator(clock.as_datetime) as pagerduty:
        config = PagerDutyConfig(key=pagerduty.key, events_url=pagerduty.url)
        pagerduty.acknowledge("the page's thread", by="PANN001")
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from upheld.simulator import Asked as HttpAsked
from upheld.simulator import Cut as HttpCut
from upheld.simulator import LocalServer
from upheld.simulator import Reply as HttpReply
from upheld_pagerduty.incidents import Event, Incident, Incidents, Reply, Status, invalid
from upheld_pagerduty.restapi import Asked, RestApi, failed
from upheld_pagerduty.webhooks import Post, Subscription, event

Fault: TypeAlias = int | Literal["drop_reply", "reset", "timeout"]
KEY: Final = "0123456789abcdef0123456789abcdef"
_LARGEST: Final = 512 * 1024


class PagerDutySimulator(LocalServer):
    """A local server with the dedup rules, the limit of 120 a minute, and faults on demand.

    ``keys`` are the integration keys that it knows; events for others are accepted and dropped. ``url``
    serves the REST API too, for the token and the user of ``restapi``.
    """

    def __init__(self, clock: Callable[[], datetime], keys: tuple[str, ...] = (KEY,)) -> None:
        self.key = keys[0]
        self._clock = clock
        self._desk = Incidents(frozenset(keys), self._tell)
        self.rest = RestApi(self._desk)
        self._subscriptions: list[Subscription] = []
        self._lock = threading.Lock()
        self._faults: deque[Fault] = deque()
        super().__init__(self._answer_to)

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """All incidents, as copies, in the order in which they were opened."""
        with self._lock:
            return tuple(deepcopy(self._desk.incidents))

    @property
    def received(self) -> tuple[Event, ...]:
        """Every event that was accepted, dropped ones too, in order."""
        with self._lock:
            return tuple(self._desk.received)

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        """The next events meet this fault: a status that is answered with nothing done;
        ``reset`` and ``timeout``, nothing done either; ``drop_reply``, done but not answered."""
        with self._lock:
            self._faults.extend([fault] * times)

    def nobody_on_call(self) -> None:
        """From now on an event is accepted and pages no one; an incident is assigned to nobody."""
        with self._lock:
            self._desk.on_call = ()

    def acknowledge(self, thread: str, by: str) -> None:
        """A person acknowledges the open incident of a thread, in PagerDuty."""
        self._act(thread, Status.ACKNOWLEDGED, by)

    def resolve(self, thread: str, by: str) -> None:
        """A person resolves it."""
        self._act(thread, Status.RESOLVED, by)

    def subscribe(self, post: Post, *secrets: str) -> Subscription:
        """Tell every change from now on; ``deliver`` of what comes back sends it."""
        with self._lock:
            self._subscriptions.append(Subscription(post, secrets))
            return self._subscriptions[-1]

    def _act(self, thread: str, status: Status, by: str) -> None:
        with self._lock:
            found = self._desk.find(thread)
            if found is None:
                raise LookupError(f"no incident of {thread!r} is open")
            self._desk.change(found, status, self._clock(), by)

    def _tell(self, kind: str, incident: Incident, at: datetime, user: str | None) -> None:
        for each in self._subscriptions:
            each.hear(event(kind, incident, at, user, self.rest.users), incident.id, at)

    # --- what is answered ---

    def _answer_to(self, asked: HttpAsked) -> HttpReply | HttpCut:
        if (asked.method, asked.target) == ("POST", "/v2/enqueue"):
            return _told(self._struck(asked.body))
        if "authorization" not in asked.headers:
            return _told(Reply(404, {"status": "not found", "message": "Not Found"}))
        try:
            body = json.loads(asked.body) if asked.body else None
        except ValueError:
            return _told(failed(400, 2001, "Invalid Input Provided", "JSON is invalid"))
        return _told(self._struck(Asked.of(asked.method, asked.target, asked.headers, body)))

    def _struck(self, asked: Asked | bytes) -> Reply | Fault:
        """What to do with an event's body or a request of the REST API: reply, or the fault instead."""
        with self._lock:
            fault = self._faults.popleft() if self._faults else None
            if fault is None:
                return self._take(asked)
            if fault == "drop_reply":
                self._take(asked)
            return fault

    def _take(self, asked: Asked | bytes) -> Reply:
        if isinstance(asked, Asked):
            return self.rest.take(asked, self._clock())
        return self._event(asked)

    def _event(self, raw: bytes) -> Reply:
        if len(raw) > _LARGEST:
            return Reply(413, {"status": "invalid event", "message": "Payload too large"})
        try:
            event: Any = json.loads(raw)
        except ValueError:
            return invalid("JSON is invalid")
        return self._desk.take(event, self._clock())


def _told(answer: Reply | Fault) -> HttpReply | HttpCut:
    """The same on the wire."""
    if isinstance(answer, int):
        return _told(Reply(answer, {"status": "error", "message": "scripted fault"}))
    if not isinstance(answer, Reply):
        return "drop" if answer == "drop_reply" else answer
    wait = {} if answer.retry_after is None else {"Retry-After": str(answer.retry_after)}
    headers = {**wait, **answer.headers}
    return HttpReply(answer.status, json.dumps(answer.body).encode(), headers=headers)
