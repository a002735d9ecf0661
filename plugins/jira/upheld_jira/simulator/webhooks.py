"""Webhooks out: signed or not, twice, late, out of order, or lost, as one wants them."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from upheld_jira.simulator import jql, shown
from upheld_jira.simulator.matching import Matcher
from upheld_jira.simulator.site import News, Site
from upheld_jira.simulator.wire import Call, Json, Refusal, Reply, Route

#: Seconds of machine time: as long as the cloud waits for an answer.
_PATIENCE: Final = 20
_AGAIN: Final = frozenset((408, 409, 425, 429))
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook on its way. ``status`` is what was answered; 0: nobody was there."""

    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    status: int = 0


class Sender:
    """Sends what the registered webhooks ask for, from a thread of its own.

    Knobs: ``lost`` sends nothing, ``doubled`` everything twice, ``held`` keeps it until `release`,
    which can turn the order around.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self.lost = self.doubled = self.held = False
        self.sent: list[Hook] = []
        self._waiting: list[Hook] = []
        self._queue: queue.Queue[Hook | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._number = 0
        site.listeners.append(self._heard)

    def start(self) -> None:
        """Begin to send."""
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def close(self) -> None:
        """Send what is queued, and end."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def flush(self) -> None:
        """Until everything that is queued was answered, or given up."""
        self._queue.join()

    def release(self, *, backwards: bool = False) -> None:
        """What was held goes out, the newest first where ``backwards``."""
        with self._site.lock:
            waiting, self._waiting = self._waiting, []
        for hook in reversed(waiting) if backwards else waiting:
            self._queue.put(hook)

    def made(self, news: News, registered: Json) -> Hook:
        """The request for this news, signed where there is a secret."""
        body = (
            b""
            if registered.get("excludeBody")
            else json.dumps(_payload(self._site, news)).encode()
        )
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Atlassian Webhook HTTP Client",
        }
        if self._site.cloud:
            self._number += 1
            headers["x-atlassian-webhook-identifier"] = f"hook-{self._number}"
            headers["x-atlassian-webhook-flow"] = "Primary"
        secret = registered.get("secret")
        if secret:
            digest = hmac.new(str(secret).encode(), body, hashlib.sha256).hexdigest()
            headers["X-Hub-Signature"] = f"sha256={digest}"
        return Hook(_filled(str(registered["url"]), news), headers, body)

    def _heard(self, news: News) -> None:
        for registered in list(self._site.webhooks.values()):
            if not self.lost and _wanted(self._site, news, registered):
                self._queued([self.made(news, registered)] * (2 if self.doubled else 1))

    def _queued(self, hooks: list[Hook]) -> None:
        if self.held:
            self._waiting += hooks
            return
        for hook in hooks:
            self._queue.put(hook)

    def _work(self) -> None:
        while (hook := self._queue.get()) is not None:
            try:
                self.sent.append(self._send(hook))
            finally:
                self._queue.task_done()
        self._queue.task_done()

    def _send(self, hook: Hook) -> Hook:
        """Data Center tries once; the cloud again, with the same identifier."""
        for attempt in range(_TRIES if self._site.cloud else 1):
            again = {"x-atlassian-webhook-retry": str(attempt)} if attempt else {}
            hook = replace(hook, headers={**hook.headers, **again})
            hook = replace(hook, status=_posted(hook))
            if 0 < hook.status < 500 and hook.status not in _AGAIN:
                break
        return hook


def _posted(hook: Hook) -> int:
    import requests

    try:
        answer = requests.post(
            hook.url,
            hook.body,
            headers=dict(hook.headers),
            timeout=_PATIENCE,
            allow_redirects=False,
        )
    except requests.RequestException:
        return 0
    return answer.status_code


def _filled(url: str, news: News) -> str:
    return url.replace("${issue.id}", news.issue.id).replace("${issue.key}", news.issue.key)


def _wanted(site: Site, news: News, registered: Json) -> bool:
    if news.event not in registered.get("events", ()):
        return False
    text = (registered.get("filters") or {}).get("issue-related-events-section")
    if not text:
        return True
    return bool(Matcher(site, None).find(jql.parse(text), [news.issue]))


def _payload(site: Site, news: News) -> Json:
    """In the shape of version 2, whoever asks."""
    call = Call(site, news.by, "GET", "", 2, {}, {}, {}, b"")
    body: Json = {
        "timestamp": int(news.at.timestamp() * 1000),
        "webhookEvent": news.event,
        "user": site.people.shown(call, news.by),
        "issue": shown.issue(call, news.issue, ["*all", "-comment"]),
    }
    if news.event == "jira:issue_updated":
        body["issue_event_type_name"] = "issue_generic"
    if news.change is not None:
        body["changelog"] = {
            "id": news.change.id,
            "items": shown.change_items(call, news.change),
        }
    if news.comment is not None:
        body["comment"] = shown.comment(call, news.issue, news.comment)
    return body


# --- registration ---------------------------------------------------------------------------------


def _hook_shown(call: Call, id_: str) -> Json:
    held = call.site.webhooks[id_]
    kept = {key: value for key, value in held.items() if key != "secret"}
    secret = {"isSigned": bool(held.get("secret"))}
    link = f"{call.site.url}/rest/webhooks/1.0/webhook/{id_}"
    return {**kept, **secret, "enabled": True, "self": link}


def _list(call: Call) -> Reply:
    _admin(call)
    return Reply(body=[_hook_shown(call, id_) for id_ in call.site.webhooks])


def _register(call: Call) -> Reply:
    _admin(call)
    body = call.body
    missing = [name for name in ("name", "url", "events") if not body.get(name)]
    if missing:
        raise Refusal(400, f"The webhook's {missing[0]} is missing.")
    id_ = call.site.next_id()
    call.site.webhooks[id_] = body
    return Reply(201, _hook_shown(call, id_))


def _change(call: Call) -> Reply:
    _admin(call)
    if call.parts["id"] not in call.site.webhooks:
        raise Refusal(404, "The webhook does not exist.")
    call.site.webhooks[call.parts["id"]] |= call.body
    return Reply(200, _hook_shown(call, call.parts["id"]))


def _drop(call: Call) -> Reply:
    _admin(call)
    if call.site.webhooks.pop(call.parts["id"], None) is None:
        raise Refusal(404, "The webhook does not exist.")
    return Reply(204)


def _admin(call: Call) -> None:
    call.sign_in()
    if "ADMINISTER" in call.site.denied:
        raise Refusal(403, "You must be a Jira administrator to manage webhooks.")


ROUTES: Final = (
    Route("GET", "webhook", _list),
    Route("POST", "webhook", _register),
    Route("PUT", "webhook/{id}", _change),
    Route("DELETE", "webhook/{id}", _drop),
)
