"""Who may send, what senders are answered, and what can be set."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from tests.plugins.readings.conftest import NOON, SECRET, Made, configured, posted
from upheld.plugin import Auth, Health, Level, Reading, Refused
from upheld.testing import ScratchContext
from upheld_readings.config import Signature
from upheld_readings.proof import signed

UP = {"monitor": "acme-mail", "state": "up"}
BAD = {"monitor": "acme-web", "state": "sideways"}


def answer(made: Made, body: object) -> tuple[int, dict[str, Any]]:
    response = made().receive(posted(body)).response
    assert response.media_type == "application/json"
    return response.status, json.loads(response.body)


# --- answers --------------------------------------------------------------------------------------


def test_what_is_taken_is_counted(made: Made) -> None:
    assert answer(made, [UP, UP]) == (200, {"taken": 2, "refused": []})
    assert answer(made, []) == (200, {"taken": 0, "refused": []})


def test_some_that_do_not_fit_hold_up_no_other(made: Made) -> None:
    why = "no state: `states` does not know 'sideways'"
    told = {"taken": 2, "refused": [{"item": 1, "why": why}]}
    assert answer(made, [UP, BAD, UP]) == (200, told)
    kinds = [type(each) for each in made().receive(posted([UP, BAD, UP])).items]
    assert kinds == [Reading, Refused, Reading]


def test_none_that_fits_is_the_senders_fault(made: Made) -> None:
    status, told = answer(made, [BAD] * 30)
    assert (status, told["taken"], len(told["refused"])) == (422, 0, 20)
    assert len(made().receive(posted([BAD] * 30)).items) == 30


@pytest.mark.parametrize("body", [b"", b"{", b"state=down", b"\xff", b"[" * 100_000, b"[NaN]"])
def test_no_json_is_told_and_kept(made: Made, body: bytes) -> None:
    assert answer(made, body) == (
        400,
        {"taken": 0, "refused": [{"why": "the body is no JSON"}]},
    )
    (refused,) = made().receive(posted(body)).items
    assert isinstance(refused, Refused)
    assert refused.raw == body


def test_the_same_refusal_again_has_one_id(made: Made) -> None:
    ids = {each.id for _ in "12" for each in made().receive(posted(BAD)).items}  # type: ignore[union-attr]
    assert len(ids) == 1


# --- proofs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers", [{"Authorization": f"Basic {'YW55Ym9keTphLXNlY3JldC1vZi1jaGVja3M='}"}, {}]
)
def test_a_secret_that_is_sent(made: Made, headers: dict[str, str]) -> None:
    assert made().receive(posted(UP, **headers)).items


@pytest.mark.parametrize(
    "headers", [{"x": ""}, {"Authorization": "Bearer another"}, {"X_Signature": SECRET}]
)
def test_no_secret_of_ours(made: Made, headers: dict[str, str]) -> None:
    with pytest.raises(Auth) as caught:
        made().receive(posted(UP, **headers))
    assert SECRET not in f"{caught.value} {caught.value.do_next}"


SIGNATURES = [
    {"header": "X-Hub-Signature-256", "prefix": "sha256="},
    {"header": "X-Signature", "algorithm": "sha512", "encoding": "base64"},
    {"algorithm": "sha1"},
]


@pytest.mark.parametrize("given", SIGNATURES)
def test_a_body_that_is_signed(made: Made, given: dict[str, str]) -> None:
    feed, signature = made(signature=given), Signature.model_validate(given)
    body = json.dumps(UP).encode()
    right = signed(body, SECRET, signature)
    assert feed.receive(posted(body, **{signature.header: right})).items
    assert feed.receive(posted(body, **{signature.header: f"{right[:-1]}, {right}"})).items
    wrong = (
        {signature.header: signed(body + b" ", SECRET, signature)},
        {signature.header: signed(body, "another-secret-here", signature)},
        {signature.header: right[:-1]},
        {signature.header: ""},
        {"Authorization": f"Bearer {SECRET}"},
    )
    for headers in wrong:
        with pytest.raises(Auth):
            feed.receive(posted(body, **headers))


def test_the_signature_that_github_documents() -> None:
    """ "Validating webhook deliveries", GitHub documentation: its own example."""
    made = signed(b"Hello, World!", "It's a Secret to Everybody", Signature(prefix="sha256="))
    assert made == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_two_secrets_while_one_is_replaced(made: Made) -> None:
    feed = made(secrets=["another-secret-here", SECRET], signature={})
    for secret in ("another-secret-here", SECRET):
        sign = signed(json.dumps(UP).encode(), secret, Signature())
        assert feed.receive(posted(UP, X_Signature=sign)).items


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"secrets": "short"}, "16 characters"),
        ({"state": "state"}, "is no path such as"),
        ({"monitor": "acme"}, "must be a path such as"),
        ({"monitor": "{acme}"}, "must be a path such as"),
        ({"monitor": "{@.host}/{"}, "must be a path such as"),
        ({"items": "$.checks[*]"}, "is no path such as"),
        ({"detail": ["@.a", "b"]}, "is no path such as"),
        ({"states": {"ok": "fine"}}, "'up', 'degraded'"),
        ({"states": ["ok"]}, "valid dictionary"),
        ({"zone": "Europe/Berlon"}, "must be a zone"),
        ({"zone": "../etc/passwd"}, "must be a zone"),
        ({"latency_in": "hours"}, "'seconds' or 'milliseconds'"),
        ({"signature": {"algorithm": "md5"}}, "'sha256'"),
        ({"signature": {"secret": "x"}}, "secret"),
    ],
)
def test_what_cannot_be_set(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        configured(**changed)


def test_check_says_where_to_send_to(made: Made, context: ScratchContext) -> None:
    (outside,) = made().check()
    context.public_url = None
    (alone,) = made().check()
    assert (outside.level, alone.level) == (Level.OK, Level.WARNING)
    assert outside.what == "senders post to https://upheld.example/hooks/checks"


def test_what_is_of_no_instant_is_of_when_it_came(made: Made) -> None:
    assert made().receive(posted(UP)).items == (Reading("acme-mail", Health.UP, NOON),)
