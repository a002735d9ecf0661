"""What is wrong in a configuration is refused before a password goes anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from upheld_email.config import EmailConfig, Endpoint, endpoint

SECRET = "s3cret-canary"
GIVEN = {
    "address": "support@magnolia.example",
    "imap": "imaps://imap.magnolia.example",
    "smtp": "smtp+starttls://smtp.magnolia.example",
    "password": SECRET,
}


def config(**values: Any) -> EmailConfig:
    return EmailConfig.model_validate(GIVEN | values)


def test_an_address_two_servers_and_a_password_are_enough() -> None:
    given = config()
    assert given.login == "support@magnolia.example"
    assert given.ours == {"support@magnolia.example"}
    assert (given.folder, given.processed, given.timeout) == ("INBOX", None, 10)


@pytest.mark.parametrize("key", sorted(GIVEN))
def test_what_is_missing_is_named(key: str) -> None:
    given = {name: value for name, value in GIVEN.items() if name != key}
    wrong = "`password` or `oauth`" if key == "password" else f"{key}\n"
    with pytest.raises(ValidationError, match=wrong):
        EmailConfig.model_validate(given)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValidationError, match="mailbox"):
        config(mailbox="INBOX")


def test_a_user_signs_in_under_another_name() -> None:
    assert config(user="MAGNOLIA\\support").login == "MAGNOLIA\\support"


def test_every_address_of_the_mailbox_is_ours_whatever_its_case() -> None:
    given = config(address="Support@Magnolia.example", aliases=["HELP@magnolia.example"])
    assert given.ours == {"support@magnolia.example", "help@magnolia.example"}


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("imaps://h.example", Endpoint("h.example", 993, "tls")),
        ("imap+starttls://h.example", Endpoint("h.example", 143, "starttls")),
        ("imap://127.0.0.1:1143", Endpoint("127.0.0.1", 1143, "plain")),
        ("smtps://h.example", Endpoint("h.example", 465, "tls")),
        ("smtp+starttls://h.example", Endpoint("h.example", 587, "starttls")),
        ("smtp://localhost", Endpoint("localhost", 25, "plain")),
        ("IMAPS://H.example:1", Endpoint("h.example", 1, "tls")),
        ("imaps://[2001:db8::1]:994", Endpoint("2001:db8::1", 994, "tls")),
    ],
)
def test_where_a_server_listens_and_how_the_line_is_protected(url: str, where: Endpoint) -> None:
    assert endpoint(url) == where


@pytest.mark.parametrize("key", ["imap", "smtp"])
@pytest.mark.parametrize(
    ("rest", "why"),
    [
        ("://imap.magnolia.example", "is for this machine"),
        ("://127.0.0.1.evil.example", "is for this machine"),
        ("s://", "must be a URL"),
        ("+ssl://h.example", "must be a URL"),
        ("s://ann:secret@h.example", "must not carry a user or password"),
        ("s://ann@h.example", "must not carry a user or password"),
        ("s://h.example/Support", "must end after host and port"),
        ("s://h.example?x=y", "must end after host and port"),
        ("s://h.example:port", "[Pp]ort"),
        ("s://h.example:99999", "[Pp]ort"),
    ],
)
def test_a_server_that_would_give_the_password_away_or_is_none(
    key: str, rest: str, why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        config(**{key: key + rest})


@pytest.mark.parametrize("key", ["imap", "smtp"])
def test_the_one_protocol_is_not_the_other(key: str) -> None:
    other = {"imap": "smtps", "smtp": "imaps"}[key]
    with pytest.raises(ValidationError, match=f"must be a URL such as {key}s://"):
        config(**{key: f"{other}://h.example"})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_line_in_clear_is_taken_for_this_machine(host: str) -> None:
    given = config(imap=f"imap://{host}:1143/", smtp=f"smtp://{host}:1025")
    assert given.imap == f"imap://{host}:1143"


@pytest.mark.parametrize("key", ["address", "aliases", "forwarded_from", "machines"])
@pytest.mark.parametrize(
    "address", ["", "support", "a@b.example, c@d.example", "a b@c.example", "ü@c.example", "<a@b>"]
)
def test_what_is_no_address_is_refused(key: str, address: str) -> None:
    with pytest.raises(ValidationError, match="must be one mail address"):
        config(**{key: address if key == "address" else [address]})


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout": 0},
        {"timeout": 61},
        {"page": 0},
        {"page": 501},
        {"max_bytes": 9_999},
        {"max_parts": 0},
        {"max_depth": 0},
    ],
)
def test_numbers_have_bounds(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        config(**wrong)


def test_the_password_stays_out_of_every_text() -> None:
    given = config()
    assert SECRET not in f"{given!r} {given} {given.model_dump_json()} {given.model_dump()}"


def test_a_refusal_does_not_show_what_was_given() -> None:
    with pytest.raises(ValidationError) as refused:
        config(password=[SECRET], imap=f"imaps://ann:{SECRET}@h.example")
    assert SECRET not in str(refused.value)


def test_a_server_has_a_name_or_is_microsofts() -> None:
    with pytest.raises(ValidationError, match="authserv_id"):
        config(authserv_id="mx.magnolia.example", microsoft_results=True)
    assert config(microsoft_results=True).microsoft_results
