"""The simulator's webhooks: what is sent, signed how, in which order and how often."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.plugins.jira.rest import Rest
from upheld_jira.simulator import JiraSimulator


class Ear(HTTPServer):
    """Listens to webhooks; answers the statuses that it is given, then 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Heard)
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hooks/jira"

    @property
    def events(self) -> list[str]:
        return [json.loads(body)["webhookEvent"] for _, body in self.heard]


class _Heard(BaseHTTPRequestHandler):
    server: Ear

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def ear() -> Iterator[Ear]:
    with Ear() as ear:
        thread = threading.Thread(target=ear.serve_forever, args=(0.02,))
        thread.start()
        yield ear
        ear.shutdown()
        thread.join()


def test_what_happens_is_told(jira: JiraSimulator, ear: Ear) -> None:
    jira.register_webhook(ear.url)
    key = jira.create("Mail is down")
    jira.edit(key, priority="Highest")
    jira.comment(key, "We are on it.")
    jira.webhooks.flush()
    assert ear.events == ["jira:issue_created", "jira:issue_updated", "comment_created"]
    body: dict[str, Any] = json.loads(ear.heard[1][1])
    assert body["issue"]["key"] == key
    (item,) = body["changelog"]["items"]
    assert (item["fromString"], item["toString"]) == ("Medium", "Highest")
    assert json.loads(ear.heard[2][1])["comment"]["body"] == "We are on it."


def test_a_secret_signs_the_body(jira: JiraSimulator, ear: Ear) -> None:
    jira.register_webhook(ear.url, secret="open sesame")
    jira.create("Mail is down")
    jira.webhooks.flush()
    ((headers, body),) = ear.heard
    digest = hmac.new(b"open sesame", body, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature"] == f"sha256={digest}"


def test_without_a_secret_there_is_no_signature(jira: JiraSimulator, ear: Ear) -> None:
    jira.register_webhook(ear.url)
    jira.create("Mail is down")
    jira.webhooks.flush()
    ((headers, _),) = ear.heard
    assert "x-hub-signature" not in headers
    assert ("x-atlassian-webhook-identifier" in headers) is jira.site.cloud


def test_the_cloud_tries_again_and_data_center_does_not(jira: JiraSimulator, ear: Ear) -> None:
    jira.register_webhook(ear.url)
    ear.answers = [503]
    jira.create("Mail is down")
    jira.webhooks.flush()
    assert len(ear.heard) == (2 if jira.site.cloud else 1)
    if jira.site.cloud:
        first, second = (headers for headers, _ in ear.heard)
        name = "x-atlassian-webhook-identifier"
        assert first[name] == second[name]
        assert (first.get("x-atlassian-webhook-retry"), second["x-atlassian-webhook-retry"]) == (
            None,
            "1",
        )


def test_they_come_late_twice_and_backwards_or_not_at_all(jira: JiraSimulator, ear: Ear) -> None:
    jira.register_webhook(ear.url)
    jira.webhooks.held = jira.webhooks.doubled = True
    key = jira.create("Mail is down")
    jira.edit(key, summary="Mail is up")
    jira.webhooks.flush()
    assert ear.heard == []
    jira.webhooks.release(backwards=True)
    jira.webhooks.flush()
    assert ear.events == ["jira:issue_updated"] * 2 + ["jira:issue_created"] * 2
    jira.webhooks.held, jira.webhooks.lost = False, True
    jira.edit(key, summary="Mail is down again")
    jira.webhooks.flush()
    assert len(ear.heard) == 4


def test_only_what_was_asked_for_is_sent(rest: Rest, jira: JiraSimulator, ear: Ear) -> None:
    jira.add_project("OPS", "Operations")
    body = {
        "name": "Upheld",
        "url": ear.url + "?key=${issue.key}",
        "events": ["jira:issue_created"],
        "filters": {"issue-related-events-section": "project = OPS"},
    }
    answer = rest.post("/rest/webhooks/1.0/webhook", body)
    assert (answer.status_code, answer.json()["isSigned"]) == (201, False)
    jira.create("One")
    jira.edit(jira.create("Another", project="OPS"), summary="x")
    jira.webhooks.flush()
    assert ear.events == ["jira:issue_created"]
    assert [hook.url for hook in jira.webhooks.sent] == [ear.url + "?key=OPS-1"]


def test_webhooks_are_listed_changed_and_dropped_and_secrets_not_shown(
    rest: Rest, ear: Ear
) -> None:
    path = "/rest/webhooks/1.0/webhook"
    body = {"name": "U", "url": ear.url, "events": ["comment_created"], "secret": "open sesame"}
    made = rest.post(path, body).json()
    one = made["self"].removeprefix(rest.jira.url)
    assert rest.put(one, {"name": "Upheld"}).json()["name"] == "Upheld"
    (listed,) = rest.body(path)
    assert (listed["isSigned"], "open sesame" in str(listed)) == (True, False)
    assert [rest.delete(one).status_code for _ in range(2)] == [204, 404]
    assert rest.post(path, {"name": "U"}).status_code == 400


def test_nobody_at_the_other_end_is_no_trouble(jira: JiraSimulator) -> None:
    jira.register_webhook("http://127.0.0.1:1/nobody")
    jira.create("Mail is down")
    jira.webhooks.flush()
    assert [hook.status for hook in jira.webhooks.sent] == [0]
