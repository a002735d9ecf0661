"""What comes by webhook is a hint from somebody who has proved to be Jira, and no more."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.jira.made import URL, config
from upheld.plugin import Misconfigured, Refused, Request, Touched
from upheld.testing.context import ScratchContext, make_context
from upheld_jira.client import JiraClient
from upheld_jira.webhooks import EVENTS, Webhooks

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SECRET = "webhook-canary"
BODY = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"id": "7", "key": "SUP-7"}})
HOOK = "https://desk.example/hooks/jira"
API = f"{URL}/rest/webhooks/1.0/webhook"


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ScratchContext]:
    with make_context(tmp_path, NOW, "jira") as context:
        yield context


def hooks(context: ScratchContext, secret: str | None = SECRET) -> Webhooks:
    settings = config(webhook_secret=secret) if secret else config()
    return Webhooks(JiraClient(context, settings), settings, context)


def signed(body: bytes, secret: str = SECRET) -> tuple[tuple[str, str], ...]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return (("X-Hub-Signature", f"sha256={digest}"),)


def request(body: bytes = BODY.encode(), headers: Any = None, query: Any = ()) -> Request:
    headers = signed(body) if headers is None else headers
    return Request("POST", HOOK, query, headers, body, NOW)


def test_a_signed_one_names_its_issue(context: ScratchContext) -> None:
    received = hooks(context).read(request(), URL)
    (item,) = received.items
    assert isinstance(item, Touched)
    assert (item.ref.scope, item.ref.id, item.ref.key) == ("SUP", "7", "SUP-7")
    assert received.response.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("X-Hub-Signature", ""),),
        (("X-Hub-Signature", "sha256="),),
        (("X-Hub-Signature", "sha1=abc"),),
        (("X-Hub-Signature", "sha256=Ünï"),),
        signed(BODY.encode(), "another"),
        (*signed(BODY.encode()), *signed(BODY.encode(), "another")),
    ],
)
def test_one_without_proof_is_refused_and_kept(context: ScratchContext, headers: Any) -> None:
    received = hooks(context).read(request(headers=headers), URL)
    assert received.response.status == 401
    assert [type(each) for each in received.items] == [Refused]


def test_a_data_center_that_does_not_sign_is_known_by_its_address(context: ScratchContext) -> None:
    received = hooks(context).read(request(headers=(), query=(("token", SECRET),)), URL)
    assert [type(each) for each in received.items] == [Touched]


@pytest.mark.parametrize("query", [(("token", "wrong"),), (("token", SECRET), ("token", "x")), ()])
def test_a_wrong_address_is_refused(context: ScratchContext, query: Any) -> None:
    assert hooks(context).read(request(headers=(), query=query), URL).response.status == 401


def test_the_address_does_not_make_up_for_a_wrong_signature(context: ScratchContext) -> None:
    wrong = signed(BODY.encode(), "another")
    answered = hooks(context).read(request(headers=wrong, query=(("token", SECRET),)), URL)
    assert answered.response.status == 401


def test_without_a_secret_nothing_is_taken(context: ScratchContext) -> None:
    received = hooks(context, None).read(request(query=(("token", ""),), headers=()), URL)
    assert (received.response.status, received.items) == (404, ())


def test_a_link_touches_both_its_ends(context: ScratchContext) -> None:
    body = b'{"issueLink": {"sourceIssueId": 7, "destinationIssueId": 8}}'
    items = hooks(context).read(request(body), URL).items
    assert [each.ref.id for each in items if isinstance(each, Touched)] == ["7", "8"]


@given(st.binary(max_size=60))
def test_rubbish_that_is_signed_is_answered(body: bytes) -> None:
    with make_context(Path("unused"), NOW, "jira") as context:
        received = hooks(context).read(request(body), URL)
    assert received.response.status == 200


@pytest.mark.parametrize("body", ["[]", "1", '{"issue": []}', '{"issue": {}}', '{"issueLink": 3}'])
def test_json_of_another_shape_touches_nothing(context: ScratchContext, body: str) -> None:
    assert hooks(context).read(request(body.encode()), URL).items == ()


# --- registering ---


@responses.activate
def test_the_first_time_a_secret_is_made_and_kept(context: ScratchContext) -> None:
    responses.get(API, json=[{"self": f"{API}/3", "url": "https://other.example/"}])
    responses.post(API, json={}, status=201)
    hooks(context, None).register(HOOK)
    secret = context.vault["webhook_secret"]
    sent = json.loads(responses.calls[1].request.body or b"")
    assert len(secret) >= 32
    assert sent["secret"] == secret
    assert sent["url"] == f"{HOOK}?token={secret}"
    assert sent["events"] == list(EVENTS)
    assert sent["filters"] == {"issue-related-events-section": 'project = "SUP"'}
    assert hooks(context, None).read(request(headers=signed(BODY.encode(), secret)), URL).items


@responses.activate
def test_again_it_is_renewed_and_none_is_added(context: ScratchContext) -> None:
    responses.get(API, json=[{"self": f"{API}/3", "url": f"{HOOK}?token=old"}])
    renewed = responses.put(f"{API}/3", json={})
    assert "renewed" in hooks(context).register(HOOK)
    assert renewed.call_count == 1
    assert hooks(context).registered(HOOK)


@responses.activate
def test_who_is_no_administrator_is_told(context: ScratchContext) -> None:
    responses.get(API, json={"message": "no"})
    with pytest.raises(Misconfigured) as caught:
        hooks(context).registered(HOOK)
    assert "administrator" in caught.value.do_next
