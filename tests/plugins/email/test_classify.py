"""Who really wrote: machines, lists and ourselves are told apart, and nobody is believed for nothing."""

from __future__ import annotations

import pytest

from upheld.plugin import Nature
from upheld_email.classify import nature, verified
from upheld_email.headers import Mime, parsed, report_of

PAT = "pat@acme.example"
OURS = frozenset({"support@magnolia.example", "help@magnolia.example"})
MX = "mx.magnolia.example"


def mail(*headers: str) -> Mime:
    return parsed(f"{chr(10).join(headers)}\n\nHello\n".encode())


def kind(*headers: str, sender: str = PAT) -> Nature:
    return nature(mail(*headers), sender, ours=OURS, site="stage")


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: AUTO-GENERATED (vacation)",
        "Auto-Submitted: auto-notified; owner-email=x",
        "Return-Path: <>",
        "Precedence: bulk",
        "Precedence: Junk",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "X-Autorespond: vacation",
        "X-Auto-Reply-From: pat@acme.example",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
    ],
)
def test_each_marker_makes_it_automatic(header: str) -> None:
    assert kind(header) is Nature.AUTOMATIC


@pytest.mark.parametrize(
    "header",
    [
        "X-Auto-Response-Suppress: All",
        "Auto-Submitted: no",
        "Auto-Submitted: No (a person)",
        "Precedence: first-class",
        "Return-Path: <pat@acme.example>",
        "X-Priority: 1",
        "Content-Type: multipart/mixed; boundary=b",
    ],
)
def test_what_people_s_mail_carries_too_is_no_marker(header: str) -> None:
    assert kind(header) is Nature.NORMAL


@pytest.mark.parametrize(
    "local", ["no-reply", "noreply", "donotreply", "do-not-reply", "postmaster"]
)
def test_an_address_that_nobody_reads_is_a_machine(local: str) -> None:
    assert kind(sender=f"{local}@shop.example") is Nature.AUTOMATIC
    assert kind(sender=f"{local}s@shop.example") is Nature.NORMAL


@pytest.mark.parametrize("header", ["List-Id: <x>", "List-Post: NO", "Mailing-List: x"])
def test_a_list_is_a_list_though_its_mail_is_bulk(header: str) -> None:
    assert kind(header, "Precedence: bulk") is Nature.LIST


@pytest.mark.parametrize(
    "sender", ["support@magnolia.example", "help@magnolia.example", "help+x.y@magnolia.example"]
)
def test_mail_from_an_address_of_ours_is_ours(sender: str) -> None:
    assert kind(sender=sender) is Nature.OURS


def test_an_address_that_only_looks_like_ours_is_not() -> None:
    assert kind(sender="support@magnolia.example.evil.example") is Nature.NORMAL


def test_the_mark_of_our_site_is_ours_and_that_of_another_is_not() -> None:
    assert kind("X-Loop: another", "X-Loop: stage") is Nature.OURS
    assert kind("X-Loop: stage-2") is Nature.NORMAL


def test_a_bounce_is_a_bounce_whatever_else_it_says() -> None:
    report = 'Content-Type: multipart/report; boundary="b"; report-type="Delivery-Status"'
    assert kind(report, "Auto-Submitted: auto-replied", "X-Loop: stage") is Nature.BOUNCE
    assert kind("List-Id: <x>", sender="mailer-daemon@acme.example") is Nature.BOUNCE


@pytest.mark.parametrize("kind", ["multipart/mixed", "text/plain"])
def test_only_a_report_has_a_kind_of_report(kind: str) -> None:
    assert report_of(mail(f"Content-Type: {kind}; report-type=delivery-status; boundary=b")) == ""


# --- proof ----------------------------------------------------------------------------------------


def proven(*results: str, authserv_id: str | None = MX, sender: str = PAT) -> bool:
    headers = [f"Authentication-Results: {result}" for result in results]
    return verified(mail(*headers), sender, authserv_id)


@pytest.mark.parametrize(
    "result",
    [
        f"{MX}; dmarc=pass",
        f"{MX}; dmarc=pass (p=none dis=none) header.from=acme.example",
        f"{MX.upper()} 1; DMARC=Pass header.from=ACME.example",
        f"{MX}; spf=fail smtp.mailfrom=x@y.example;\n dkim=pass header.d=acme.example",
        f"{MX}; dkim=none; spf=pass smtp.mailfrom=bounce@acme.example",
        f"{MX}; spf=pass smtp.mailfrom=acme.example",
        f'{MX}; dkim=pass header.d="acme.example"; dmarc=pass',
    ],
)
def test_our_own_server_s_word_is_proof(result: str) -> None:
    assert proven(result)


@pytest.mark.parametrize(
    "result",
    [
        "",
        MX,
        f"{MX}; none",
        f"{MX}; dmarc=fail header.from=acme.example",
        f"{MX}; dmarc=pass header.from=evil.example",
        f"{MX}; dkim=pass header.d=evil.example",
        f"{MX}; dkim=pass",
        f"{MX}; spf=pass smtp.mailfrom=pat@evil.example",
        f"{MX}; spf=pass",
        f"{MX}; dkim=pass header.d=example",
        f"{MX}; arc=pass header.from=acme.example",
        f"{MX}; dmarc=passed",
        f"{MX}; spf=softfail (dmarc=pass) smtp.mailfrom=x@y.example",
        f'{MX}; spf=fail smtp.mailfrom="x; dmarc=pass"@evil.example',
        f"{MX}; spf=fail (x; dmarc=pass",
        f"{MX}; spf=pass header.d=acme.example smtp.mailfrom=x@evil.example",
        f"{MX}; dkim=pass header.d=evil.example smtp.mailfrom=pat@acme.example",
        "evil.example; dmarc=pass header.from=acme.example",
        f"evil.{MX}; dmarc=pass",
        f"({MX}) evil.example; dmarc=pass",
    ],
)
def test_anything_less_is_none(result: str) -> None:
    assert not proven(result)


def test_only_the_topmost_word_counts() -> None:
    good, bad = f"{MX}; dmarc=pass", f"{MX}; dmarc=fail"
    assert proven(good, bad)
    assert not proven(bad, good)
    assert not proven("evil.example; none", good)


def test_without_a_name_of_our_server_nobody_is_proven() -> None:
    assert not proven(f"{MX}; dmarc=pass", authserv_id=None)
    assert not verified(mail("Subject: x"), PAT, MX)


MICROSOFT = (
    "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=acme.example; dkim=pass (signature was verified)"
    " header.d=acme.example;dmarc=pass action=none header.from=acme.example;compauth=pass reason=100"
)


def microsofts(*results: str) -> bool:
    headers = [f"Authentication-Results: {result}" for result in results]
    return verified(mail(*headers), PAT, None, microsoft=True)


def test_what_microsoft_writes_is_proof_where_it_is_asked_for() -> None:
    assert microsofts(MICROSOFT)
    assert not proven(MICROSOFT)
    assert not proven(MICROSOFT, authserv_id=None)


@pytest.mark.parametrize(
    "result",
    [
        "",
        MICROSOFT.replace("compauth=pass", "compauth=fail"),
        MICROSOFT.replace(";compauth=pass reason=100", ""),
        MICROSOFT.replace("acme", "evil"),
        f"evil.example; {MICROSOFT}",
        "spf=fail (dmarc=pass header.from=acme.example;compauth=pass) smtp.mailfrom=evil.example",
        "dmarc=fail header.from=acme.example;compauth=pass reason=130",
    ],
)
def test_anything_less_of_microsoft_is_none(result: str) -> None:
    assert not microsofts(result)


def test_of_microsoft_only_the_topmost_counts() -> None:
    assert not microsofts(f"{MX}; dmarc=pass", MICROSOFT)
    assert not microsofts("spf=none", MICROSOFT)
