"""Sign-in by access tokens: bought, kept, bought anew; what is rotated is not lost."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs

import pytest
import responses
from pydantic import SecretStr, ValidationError

from tests.plugins.email.conftest import NOON
from tests.plugins.email.scripted import FarEnd, Line, imap, smtp
from upheld.plugin import Address, Auth, Channel, Misconfigured, Outgoing, PluginError, Retry
from upheld.testing import ScratchContext, make_context
from upheld_email.adapter import Email
from upheld_email.client import Mailbox
from upheld_email.config import EmailConfig, OAuthConfig
from upheld_email.oauth import OAuth, answer
from upheld_email.submission import Submission

OUR: Final = "support@magnolia.example"
URL: Final = "https://login.example/token"
OUTLOOK: Final = "https://outlook.office.com"
REFRESH, SECRET = "refresh-canary", "secret-canary"
SETTINGS: Final[dict[str, Any]] = {
    "token_url": URL,
    "scope": "mail",
    "client_id": "upheld",
    "refresh_token": SecretStr(REFRESH),
}
Sent: TypeAlias = "list[dict[str, str]]"


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ScratchContext]:
    with make_context(tmp_path, lambda: NOON, "mailbox") as context:
        yield context


@pytest.fixture
def provider() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as answers:
        yield answers


def gives(provider: responses.RequestsMock, token: str = "t1", **more: Any) -> None:
    """The next answer is a token; the last one is given again."""
    provider.post(URL, json={"access_token": token, "expires_in": 3600, **more})


def asked(provider: responses.RequestsMock) -> Sent:
    """What the provider was asked, each time."""
    forms = (parse_qs(str(call.request.body)) for call in provider.calls)
    return [{name: value[0] for name, value in form.items()} for form in forms]


def oauth(context: ScratchContext, **changed: Any) -> OAuth:
    return OAuth(OAuthConfig(**(SETTINGS | changed)), context, OUR)


def tried(oauth: OAuth, *, accepts: Callable[[str], bool] = lambda _: True) -> list[str]:
    """The answers with which it signed in."""
    seen: list[str] = []

    def attempt(said: str) -> bool:
        seen.append(said)
        return accepts(said)

    oauth.sign_in(attempt)
    return seen


# --- buying ---------------------------------------------------------------------------------------


def test_a_refresh_token_buys_one(
    context: ScratchContext, provider: responses.RequestsMock
) -> None:
    gives(provider)
    assert tried(oauth(context)) == [f"user={OUR}\x01auth=Bearer t1\x01\x01"]
    assert asked(provider) == [
        {
            "grant_type": "refresh_token",
            "client_id": "upheld",
            "scope": "mail",
            "refresh_token": REFRESH,
        }
    ]


def test_an_application_signs_in_by_itself(
    context: ScratchContext, provider: responses.RequestsMock
) -> None:
    gives(provider)
    tried(oauth(context, refresh_token=None, client_secret=SecretStr(SECRET)))
    (form,) = asked(provider)
    assert (form["grant_type"], form["client_secret"]) == ("client_credentials", SECRET)


def test_one_is_kept_while_it_lasts(
    context: ScratchContext, provider: responses.RequestsMock
) -> None:
    gives(provider)
    buyer = oauth(context)
    assert tried(buyer) == tried(buyer)
    assert len(asked(provider)) == 1


def test_one_that_is_nearly_over_is_bought_anew(
    context: ScratchContext, provider: responses.RequestsMock
) -> None:
    gives(provider, "t1", expires_in=60)
    gives(provider, "t2")
    buyer = oauth(context)
    assert tried(buyer) != tried(buyer)


def test_one_that_is_refused_before_its_end_is_bought_anew_once(
    context: ScratchContext, provider: responses.RequestsMock
) -> None:
    """It was revoked, or the mailbox's password changed."""
    gives(provider, "t1")
    gives(provider, "t2")
    buyer = oauth(context)
    tried(buyer)
    assert tried(buyer, accepts=lambda said: "t2" in said) == [answer(OUR, "t1"), answer(OUR, "t2")]
    assert not buyer.sign_in(lambda _: False)


# --- rotation -------------------------------------------------------------------------------------


def test_a_rotated_token_is_kept_durably(
    context: ScratchContext, provider: responses.RequestsMock
) -> None:
    gives(provider, refresh_token="second")
    tried(oauth(context))
    tried(oauth(context))  # after a restart
    assert [form["refresh_token"] for form in asked(provider)] == [REFRESH, "second"]


def test_it_is_kept_before_the_access_token_is_used(
    context: ScratchContext, provider: responses.RequestsMock
) -> None:
    gives(provider, refresh_token="second")

    def dies(_said: str) -> bool:
        assert "second" in context.vault["refresh-token"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        oauth(context).sign_in(dies)


def test_one_that_is_configured_anew_comes_before_the_vaults(
    context: ScratchContext, provider: responses.RequestsMock
) -> None:
    """Somebody signed in again, because the old one had ended."""
    gives(provider, refresh_token="second")
    tried(oauth(context))
    tried(oauth(context, refresh_token=SecretStr("anew")))
    assert asked(provider)[-1]["refresh_token"] == "anew"


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, {"error": "invalid_grant", "error_description": REFRESH}, Auth, "400 invalid_grant"),
        (401, {"error": "invalid_client"}, Auth, "401 invalid_client"),
        (400, {"error": "temporarily_unavailable"}, Retry, "400 temporarily"),
        (503, {"error": "x"}, Retry, "503 x"),
        (500, [], Retry, "500"),
        (302, {}, Retry, "302"),
        (400, {"error": f"<{REFRESH}>"}, Retry, "400"),
        (200, {}, Retry, "no token"),
        (200, {"access_token": 7}, Retry, "no token"),
        (200, {"access_token": "é"}, Retry, "no token"),
        (200, ["x"], Retry, "200"),
    ],
)
def test_what_is_refused_has_its_class_and_shows_no_secret(
    context: ScratchContext,
    provider: responses.RequestsMock,
    status: int,
    body: Any,
    kind: type[PluginError],
    words: str,
) -> None:
    provider.post(URL, json=body, status=status)
    with pytest.raises(kind, match=words) as raised:
        tried(oauth(context, client_secret=SecretStr(SECRET)))
    said = f"{raised.value!r} {raised.value}"
    assert REFRESH not in said
    assert SECRET not in said


@pytest.mark.parametrize("body", ["<html>", ""])
def test_what_is_no_answer_is_tried_again(
    context: ScratchContext, provider: responses.RequestsMock, body: str
) -> None:
    provider.post(URL, body=body)
    with pytest.raises(Retry):
        tried(oauth(context))


def test_it_waits_as_long_as_it_is_told(
    context: ScratchContext, provider: responses.RequestsMock
) -> None:
    provider.post(URL, json={}, status=429, headers={"Retry-After": "90"})
    with pytest.raises(Retry) as raised:
        tried(oauth(context))
    assert raised.value.after == timedelta(seconds=90)


def test_who_can_not_be_reached(context: ScratchContext) -> None:
    with pytest.raises(Retry, match="gives no token"):
        tried(oauth(context, token_url="http://127.0.0.1:1/token"))


def test_no_secret_is_in_a_repr(context: ScratchContext, provider: responses.RequestsMock) -> None:
    gives(provider, "token-canary")
    buyer = oauth(context)
    tried(buyer)
    assert "canary" not in repr(buyer)


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"token_url": None}, "provider"),
        ({"refresh_token": None}, "refresh_token"),
        ({"token_url": "http://login.example/token"}, "https"),
        ({"provider": "yahoo"}, "microsoft"),
        ({"secret": "x"}, "secret"),
    ],
)
def test_settings_that_can_not_work(given: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        OAuthConfig(**(SETTINGS | given))


@pytest.mark.parametrize(
    ("given", "endpoint", "scope"),
    [
        (
            {"provider": "microsoft", "tenant": "t1"},
            "https://login.microsoftonline.com/t1/oauth2/v2.0/token",
            f"{OUTLOOK}/IMAP.AccessAsUser.All {OUTLOOK}/SMTP.Send offline_access",
        ),
        ({"provider": "google"}, "https://oauth2.googleapis.com/token", "https://mail.google.com/"),
    ],
)
def test_what_the_great_providers_want(given: dict[str, Any], endpoint: str, scope: str) -> None:
    config = OAuthConfig(client_id="x", refresh_token=SecretStr("y"), **given)
    assert (config.endpoint, config.form("y")["scope"]) == (endpoint, scope)


def test_microsoft_knows_an_application_of_its_own() -> None:
    config = OAuthConfig(client_id="x", client_secret=SecretStr("y"), provider="microsoft")
    assert config.form(None)["scope"] == "https://outlook.office365.com/.default"


@pytest.mark.parametrize("given", [{}, {"password": SecretStr("x"), "oauth": SETTINGS}])
def test_there_is_one_way_in(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="one of both"):
        EmailConfig(address=OUR, imap="imap://127.0.0.1", smtp="smtp://127.0.0.1", **given)


# --- on the wire ----------------------------------------------------------------------------------


def decoded(text: str) -> str:
    return base64.b64decode(text).decode()


def imap_by(token: str) -> Callable[[Line, str], None]:
    """Takes this token alone; else says why, and hears an empty line."""

    def authenticate(line: Line, said: str) -> None:
        tag = said.partition(" ")[0]
        line.says("+ ")
        if token in decoded(line.hears()):
            line.says(f"{tag} OK done")
            return
        line.says("+ " + base64.b64encode(json.dumps({"status": "400"}).encode()).decode())
        assert line.hears() == ""
        line.says(f"{tag} NO [AUTHENTICATIONFAILED] no")

    return authenticate


def smtp_by(token: str) -> Callable[[Line, str], None]:
    """The same."""

    def auth(line: Line, said: str) -> None:
        if token in decoded(said.split()[2]):
            line.says("235 welcome")
            return
        line.says("334 " + base64.b64encode(b'{"status":"400"}').decode())
        assert line.hears() == ""
        line.says("535 5.7.3 no")

    return auth


@pytest.fixture
def box(context: ScratchContext) -> Iterator[Callable[..., EmailConfig]]:
    """Settings of a mailbox that takes a token on both sides."""
    with ExitStack() as stack:

        def made(token: str, *, offers: str = "PLAIN XOAUTH2") -> EmailConfig:
            reads = stack.enter_context(FarEnd(imap(AUTHENTICATE=imap_by(token))))
            ehlo = f"250-far\r\n250 AUTH {offers}"
            sends = stack.enter_context(FarEnd(smtp(AUTH=smtp_by(token), EHLO=ehlo)))
            return EmailConfig(
                address=OUR,
                imap=f"imap://127.0.0.1:{reads.port}",
                smtp=f"smtp://127.0.0.1:{sends.port}",
                oauth=OAuthConfig(**SETTINGS),
                timeout=2,
            )

        yield made


def test_both_sides_sign_in_with_one_token(
    box: Callable[..., EmailConfig], context: ScratchContext, provider: responses.RequestsMock
) -> None:
    gives(provider)
    mailbox = Email(box("t1"), context)
    mailbox.context.vault["thread-key"] = "00" * 32
    to = Address(Channel.MAIL, "pat@acme.example")
    mailbox.send(Outgoing("C7", "Hello", "Hello"), to, "k")
    mailbox._mailbox.select("INBOX", readonly=True)
    mailbox.close()
    assert len(asked(provider)) == 1


@pytest.mark.parametrize("side", ["imap", "smtp"])
def test_a_kept_token_that_is_refused_is_replaced_on_the_same_line(
    box: Callable[..., EmailConfig],
    context: ScratchContext,
    provider: responses.RequestsMock,
    side: str,
) -> None:
    gives(provider, "t1")
    gives(provider, "t2")
    config, buyer = box("t2"), oauth(context)
    tried(buyer)
    if side == "imap":
        mailbox = Mailbox(config, buyer)
        mailbox.select("INBOX", readonly=True)
        mailbox.close()
    else:
        submission = Submission(config, buyer)
        assert submission.takes(OUR, "pat@acme.example") is None
        submission.close()
    assert len(asked(provider)) == 2


@pytest.mark.parametrize("side", ["imap", "smtp"])
def test_a_mailbox_that_takes_no_token_of_ours(
    box: Callable[..., EmailConfig],
    context: ScratchContext,
    provider: responses.RequestsMock,
    side: str,
) -> None:
    gives(provider, "wrong-canary")
    config, buyer = box("right"), oauth(context)
    signs_in: dict[str, Callable[[], object]] = {
        "imap": lambda: Mailbox(config, buyer).select("INBOX", readonly=True),
        "smtp": lambda: Submission(config, buyer).takes(OUR, "pat@acme.example"),
    }
    with pytest.raises(Auth, match="access token") as raised:
        signs_in[side]()
    assert "canary" not in str(raised.value)
    assert "allow the application" in raised.value.do_next


def test_a_server_that_offers_no_such_sign_in(
    box: Callable[..., EmailConfig], context: ScratchContext, provider: responses.RequestsMock
) -> None:
    gives(provider)
    config = box("t1", offers="PLAIN")
    with pytest.raises(Misconfigured, match="XOAUTH2"):
        Submission(config, oauth(context)).takes(OUR, "pat@acme.example")
    assert asked(provider) == []
