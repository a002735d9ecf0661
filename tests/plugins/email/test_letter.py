"""Messages as mail: every header is what it says, wherever the words came from."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.plugins.email.conftest import NOON
from tests.plugins.email.corpus import OUR
from upheld.plugin import Address, Attachment, Channel, Outgoing, Permanent
from upheld_email.letter import POLICY, Writer, wire_address
from upheld_email.threads import Tokens

WRITER = Writer(Tokens(b"k" * 32, OUR), "stage", name="Magnolia Support")
TO = Address(Channel.MAIL, "pat@acme.example", "Pat Lin")
NOTICE = Outgoing(thread="C7", subject="Case 1042: status", text="We work on it.\n")


def written(message: Outgoing = NOTICE, to: Address = TO, writer: Writer = WRITER) -> bytes:
    """As it goes over the line."""
    return writer.compose(message, to, "k", NOON).as_bytes(policy=POLICY)


def read(message: Outgoing = NOTICE, to: Address = TO, writer: Writer = WRITER) -> EmailMessage:
    """As a receiver reads it."""
    return message_from_bytes(written(message, to, writer), policy=policy.default)


# --- what stands on it ----------------------------------------------------------------------------


def test_a_notice_has_its_headers_once_each() -> None:
    assert {name: str(value) for name, value in read().items()} == {
        "Date": "Mon, 01 Dec 2025 12:00:00 +0000",
        "From": f"Magnolia Support <{OUR}>",
        "To": "Pat Lin <pat@acme.example>",
        "Subject": "Case 1042: status",
        "Message-ID": WRITER.message_id(NOTICE, "k"),
        "Reply-To": WRITER.tokens.plus_address("C7"),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-Loop": "stage",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "7bit",
        "MIME-Version": "1.0",
    }


def test_an_answer_stands_in_its_thread() -> None:
    mail = read(replace(NOTICE, reply_to=("<a@x.example>", "<b@x.example>#0f")))
    assert mail["In-Reply-To"] == "<b@x.example>"
    assert mail["References"] == "<a@x.example> <b@x.example>"


def test_a_long_thread_keeps_its_first_and_its_newest() -> None:
    chain = tuple(f"<{n}@x.example>" for n in range(100))
    kept = read(replace(NOTICE, reply_to=chain))["References"].split()
    assert len(kept) == 20
    assert (kept[0], kept[1:]) == (chain[0], list(chain[-19:]))


@pytest.mark.parametrize("handle", ["sha256:0f", "<ü@x.example>", "", "<a b>"])
def test_a_handle_that_is_no_message_id_is_left_out(handle: str) -> None:
    mail = read(replace(NOTICE, reply_to=(handle,)))
    assert mail["In-Reply-To"] is None
    assert mail["References"] is None


def test_a_notice_to_nobody_s_thread_has_no_reply_address() -> None:
    assert read(replace(NOTICE, thread=""))["Reply-To"] is None


def test_the_time_is_told_with_its_zone() -> None:
    berlin = NOON.astimezone(timezone(timedelta(hours=1)))
    assert WRITER.compose(NOTICE, TO, "k", berlin)["Date"] == "Mon, 01 Dec 2025 13:00:00 +0100"


def test_html_goes_beside_the_text() -> None:
    mail = read(replace(NOTICE, html="<p>Größe</p>"))
    plain, rich = mail.iter_parts()
    assert mail.get_content_type() == "multipart/alternative"
    assert plain.get_content().strip() == "We work on it."
    assert rich.get_content().strip() == "<p>Größe</p>"


# --- over the line --------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", ["Störung bei Müller — " * 6, "x; " * 99, "字" * 99])
def test_a_long_subject_arrives_and_is_folded_as_rfc_2047_wants_it(subject: str) -> None:
    data = written(replace(NOTICE, subject=subject))
    assert message_from_bytes(data, policy=policy.default)["Subject"] == subject.strip()
    lines = data.partition(b"Subject:")[2].partition(b"Message-ID:")[0].splitlines()
    assert max(map(len, lines)) <= 78


@pytest.mark.parametrize(
    "name", ["Müller & Söhne Support München-Süd " * 3, "Lin, Pat (IT)", "字" * 90]
)
def test_a_name_arrives_as_it_was(name: str) -> None:
    header = message_from_bytes(written(to=replace(TO, name=name)))["To"]
    shown = str(make_header(decode_header(header)))
    assert shown in {f"{name.strip()} <{TO.value}>", f'"{name}" <{TO.value}>'}


def test_long_ids_and_addresses_stay_whole() -> None:
    desk = "the-support-desk@the-magnolia-company-and-her-daughters.department.example"
    writer = replace(WRITER, tokens=Tokens(b"k" * 32, desk), name="Müller & Söhne")
    parent = "<" + "a" * 200 + "@x.example>"
    data = written(replace(NOTICE, reply_to=(parent, parent)), writer=writer)
    for whole in (writer.message_id(NOTICE, "k"), parent, writer.tokens.plus_address("C7"), desk):
        assert whole.encode() in data


def test_all_of_it_is_seven_bits_and_no_line_is_too_long() -> None:
    data = written(replace(NOTICE, text="ü" * 5000 + "\n" + "x" * 5000))
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) < 998


# --- nothing breaks out ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        replace(NOTICE, subject="x\r\nBcc: eve@evil.example"),
        replace(NOTICE, subject="x\nBcc: eve@evil.example"),
        replace(NOTICE, subject="x\rBcc: eve@evil.example"),
        replace(NOTICE, thread="C7\r\nBcc: eve@evil.example"),
        replace(NOTICE, reply_to=("<a@x>\r\nBcc: eve@evil.example",)),
    ],
)
def test_a_line_break_where_a_header_goes_is_refused(broken: Outgoing) -> None:
    with pytest.raises(Permanent, match="a line break stands where a header goes"):
        written(broken)


@pytest.mark.parametrize("name", ["Pat\r\nBcc: eve@evil.example", "Pat\nX: y"])
def test_a_line_break_in_a_name_is_refused(name: str) -> None:
    with pytest.raises(Permanent, match="line break"):
        written(to=replace(TO, name=name))


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?q?x=0D=0ABcc:_eve=40evil.example?=",
        "x\x0bBcc: eve@evil.example",
        "x\x85Bcc: eve@evil.example",
        "x\u2028Bcc: eve@evil.example",
        "=?utf-8?b?a?=",
    ],
)
def test_what_only_looks_like_a_line_break_makes_no_header(subject: str) -> None:
    data = written(replace(NOTICE, subject=subject))
    assert b"\nBcc" not in data
    assert message_from_bytes(data, policy=policy.default)["Bcc"] is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "pat",
        "pat@",
        "@acme.example",
        "pat@acme.example, eve@evil.example",
        "pat@acme.example> RCPT TO:<eve@evil.example",
        "pät@acme.example",
        "pat @acme.example",
        '"pat"@acme.example',
    ],
)
def test_what_is_no_address_is_refused(value: str) -> None:
    with pytest.raises(Permanent, match="is no mail address"):
        written(to=replace(TO, value=value))


def test_a_domain_goes_out_in_ascii() -> None:
    assert wire_address("pat@müller.example") == "pat@xn--mller-kva.example"
    assert wire_address("pat@straße.example") == "pat@xn--strae-oqa.example"
    assert wire_address("pat@under_score.example") == "pat@under_score.example"
    assert read(to=replace(TO, value="pat@müller.example"))["To"].endswith(
        "<pat@xn--mller-kva.example>"
    )


anything = st.text(st.characters(), max_size=60)


@settings(max_examples=50)
@given(anything, anything, anything, anything, st.lists(anything, max_size=3))
@example("\ud800", "\ud800", "\ud800", "\ud800", ["<\ud800>"])
@example("=?utf-8?b?a?=", "", "=?utf-8?b?a?=", "=?utf-8?b?a?=", ["<=?utf-8?b?a?=>"])
def test_whatever_the_words_it_is_a_mail_with_our_headers_or_refused(
    subject: str, text: str, name: str, person: str, reply_to: list[str]
) -> None:
    message = Outgoing("C7", subject, text, html=text, reply_to=tuple(reply_to))
    try:
        data = written(message, replace(TO, name=person), replace(WRITER, name=name))
    except Permanent:
        assert any("\n" in each or "\r" in each for each in (subject, person, *reply_to))
        return
    mail = message_from_bytes(data, policy=policy.default)
    assert mail.defects == []
    assert set(mail.keys()) <= {*HEADERS, "In-Reply-To", "References"}
    assert len(mail.keys()) == len(set(mail.keys()))
    assert [each.addr_spec for each in mail["From"].addresses] == [OUR]
    assert [each.addr_spec for each in mail["To"].addresses] == [TO.value]


HEADERS = (
    *("Date", "From", "To", "Subject", "Message-ID", "Reply-To", "Auto-Submitted"),
    *("X-Auto-Response-Suppress", "X-Loop", "Content-Type", "MIME-Version"),
)


# --- files ----------------------------------------------------------------------------------------


def attached(name: str, media_type: str) -> EmailMessage:
    file = Attachment("1", name, media_type, 3, lambda: io.BytesIO(b"\x00\xff\n"))
    mail = read(replace(NOTICE, attachments=(file,)))
    (part,) = mail.iter_attachments()
    assert isinstance(part, EmailMessage)
    return part


@pytest.mark.parametrize("media_type", ["image/png", "text/plain", "application/vnd.x+json"])
def test_a_file_goes_along_byte_by_byte(media_type: str) -> None:
    part = attached("Größe.log", media_type)
    assert (part.get_content_type(), part.get_filename()) == (media_type, "Größe.log")
    assert part.get_payload(decode=True) == b"\x00\xff\n"


@pytest.mark.parametrize(
    "media_type",
    ["", "text", "message/rfc822", "multipart/mixed", "é/ü", "text/pl\r\nX: y", "a/b; x=y"],
)
def test_a_kind_that_is_none_or_would_have_to_be_a_mail_is_just_bytes(media_type: str) -> None:
    part = attached("x", media_type)
    assert part.get_content_type() == "application/octet-stream"
    assert part.get_payload(decode=True) == b"\x00\xff\n"


@pytest.mark.parametrize("name", ["a\r\nX: y", "\ud800x", "", "x" * 3000])
def test_no_name_of_a_file_breaks_out(name: str) -> None:
    part = attached(name, "image/png")
    assert part["X"] is None
    assert part.get_payload(decode=True) == b"\x00\xff\n"


# --- what it looks like ---------------------------------------------------------------------------


@pytest.mark.parametrize("char", ["\u202a", "\u202e", "\u202c", "\u2066", "\u2069"])
def test_nothing_turns_the_text_around_it(char: str) -> None:
    """A name of a file, a subject, words of a customer's: what looks like it must be it."""
    message = replace(NOTICE, subject=f"{char}gnp.exe", text=f"a{char}b\n", html=f"<p>a{char}b</p>")
    mail = read(message, replace(TO, name=f"Pat {char}Lin"))
    assert char not in f"{mail['Subject']}{mail['To']}"
    assert [part.get_content().strip() for part in mail.iter_parts()] == ["ab", "<p>ab</p>"]


def test_nor_one_that_hides_in_an_encoded_word() -> None:
    mail = read(replace(NOTICE, subject="=?utf-8?q?=E2=80=AEgnp=2Eexe?="))
    assert mail["Subject"] == "gnp.exe"


def test_right_to_left_letters_and_their_marks_stay() -> None:
    assert read(replace(NOTICE, subject="שלום\u200f!"))["Subject"] == "שלום\u200f!"


# --- who hears of a bounce ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("automatic", "plus", "null_sender", "sender"),
    [
        (True, True, True, ""),
        (True, False, False, OUR),
        (False, False, True, OUR),
        (False, True, True, None),
        (True, True, False, None),
    ],
)
def test_who_hears_of_a_bounce(
    automatic: bool, plus: bool, null_sender: bool, sender: str | None
) -> None:
    writer = replace(WRITER, plus=plus, null_sender=null_sender)
    found = writer.envelope_sender(replace(NOTICE, automatic=automatic), "k")
    verp = WRITER.tokens.plus_address("C7", found.partition("@")[0].rpartition(".")[2])
    assert found == (verp if sender is None else sender)


def test_the_key_is_in_no_repr() -> None:
    assert "kkkk" not in repr(WRITER)
