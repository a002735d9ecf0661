"""Headers as they really come: nothing raises, and nobody is taken for somebody else."""

from __future__ import annotations

from email import message_from_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.plugins.email.fuzz import mails
from upheld_email.charsets import decoded
from upheld_email.headers import (
    Mime,
    addresses,
    clean,
    message_ids,
    parameters,
    parsed,
    raw,
    sole_address,
    text,
    unquoted,
)


def header(value: bytes, name: str = "X") -> list[str]:
    return raw(parsed(name.encode() + b": " + value + b"\r\n\r\n"), name)


# --- as they stand --------------------------------------------------------------------------------


def test_a_folded_header_is_one_line() -> None:
    assert header(b"one\r\n two\r\n\tthree") == ["one two three"]


def test_all_headers_of_a_name_are_found_topmost_first() -> None:
    mail = parsed(b"x: 1\r\nY: 2\r\nX: 3\r\n\r\n")
    assert raw(mail, "X") == ["1", "3"]


@pytest.mark.parametrize(("newest", "kept"), [(False, "a"), (True, "z")])
def test_a_long_header_is_cut_where_it_matters_least(newest: bool, kept: str) -> None:
    mail = parsed(b"X: " + b"a" * 20_000 + b"z" * 20_000 + b"\r\n\r\n")
    (found,) = raw(mail, "X", newest=newest)
    assert set(found) == {kept}
    assert len(found) == 16_384


def mutations() -> list[bytes]:
    return list(mails(300, seed=11))


def test_headers_looked_up_once_are_those_that_a_walk_finds() -> None:
    """On mail of all kinds, whole and broken."""
    for data in mutations():
        for part in parsed(data).walk():
            assert isinstance(part, Mime)
            for name in {name for name, _ in part.raw_items()} | {"X-None"}:
                walked = [
                    value for found, value in part.raw_items() if found.lower() == name.lower()
                ]
                assert part.by_name.get(name.lower(), []) == walked
                assert len(raw(part, name.upper())) == len(walked)


def test_a_kind_that_is_kept_is_what_the_library_says() -> None:
    for data in mutations():
        ours, theirs = parsed(data).walk(), message_from_bytes(data).walk()
        for mine, other in zip(ours, theirs, strict=True):
            assert mine.get_content_type() == mine.get_content_type() == other.get_content_type()
            assert list(mine.raw_items()) == list(other.raw_items())


# --- for people -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Hello", "Hello"),
        ("=?utf-8?q?Gr=C3=B6=C3=9Fe?=", "Größe"),
        ("=?iso-8859-1?q?Gr=F6=DFe?= now", "Größe now"),
        ("=?utf-8?b?R3I=?= =?utf-8?b?w7bDn2U=?=", "Größe"),
        ("=?x-none?q?Gr=C3=B6=C3=9Fe?=", "Größe"),
        ("=?utf-8?b?a?=", "=?utf-8?b?a?="),  # base64 that can't be
        ("=?utf-8?q?a=00b?=", "ab"),
        ("=?utf-8?q?a=0D=0ABcc:_x?=", "a Bcc: x"),
        ("=?idna?q?xn--?= =?unicode-escape?q?=5Cud800?=", r"xn--\ud800"),
        ("=?utf-8?q?a?= 中é", "a 中é"),
        (r"=?utf-8?q?a?= C:\users", r"a C:\users"),
        ("", ""),
    ],
)
def test_a_header_is_decoded_as_far_as_it_can_be(value: str, shown: str) -> None:
    assert text(value) == shown


def test_eight_bits_in_a_header_are_utf_8_or_windows_1252() -> None:
    assert text(header("Größe".encode())[0]) == "Größe"
    assert text(header("Größe".encode("cp1252"))[0]) == "Größe"


@given(st.text(st.characters()))
@example("\ud800")
@example("\udcff")
@example("=?utf-8?b?a?=")
@example("=?utf-8?b?=?=")
def test_no_header_raises_or_breaks_a_line(value: str) -> None:
    shown = text(value)
    assert len(shown.splitlines()) <= 1
    assert clean(shown) == shown


@pytest.mark.parametrize("charset", ["utf-8*en", None, "", "x-none", "UTF-8", "\0", "base64"])
def test_bytes_that_are_utf_8_are_read_so_unless_something_true_is_declared(
    charset: str | None,
) -> None:
    assert decoded("Größe".encode(), charset) == "Größe"


@pytest.mark.parametrize(
    "charset", ["unicode_escape", "raw_unicode_escape", "utf-7", "punycode", "idna", "undefined"]
)
def test_what_is_no_charset_of_mail_is_not_used(charset: str) -> None:
    assert decoded(b"+AGE- \\u0041", charset) == "+AGE- \\u0041"


@given(st.binary(), st.text(max_size=20))
def test_any_bytes_are_some_text(data: bytes, charset: str) -> None:
    assert isinstance(decoded(data, charset), str)


@given(st.text(st.characters()))
def test_what_is_clean_can_be_stored(value: str) -> None:
    kept = clean(value)
    assert "\0" not in kept
    assert kept.encode().decode() == kept


def test_tabs_and_line_ends_are_no_rubbish() -> None:
    assert clean("a\tb\nc\x1b[2J\x7f") == "a\tb\nc[2J"


# --- who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "sole"),
    [
        ("pat@acme.example", ("", "pat@acme.example")),
        ("<pat@acme.example>", ("", "pat@acme.example")),
        ("Pat Lin <pat@acme.example>", ("Pat Lin", "pat@acme.example")),
        ('"Lin, Pat" <pat@acme.example>', ("Lin, Pat", "pat@acme.example")),
        ("pat@acme.example (Pat Lin)", ("", "pat@acme.example")),
        ('"pat@acme.example" <pat@acme.example>', ("pat@acme.example", "pat@acme.example")),
        ("=?utf-8?q?P=C3=A4t?= <pat@acme.example>", ("Pät", "pat@acme.example")),
        ("PAT@acme.example <pat@ACME.example>", ("PAT@acme.example", "pat@ACME.example")),
    ],
)
def test_one_address_and_its_name(value: str, sole: tuple[str, str]) -> None:
    assert sole_address(value) == sole


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Pat",
        "pat@acme.example, eve@evil.example",
        "pat@acme.example <eve@evil.example>",
        "<pat@acme.example> <eve@evil.example>",
        "<pat@acme.example> eve@evil.example",
        "pat@acme.example@evil.example",
        'Pat "<pat@acme.example>',
        "Pat (unclosed <pat@acme.example>",
        "Pat ) <pat@acme.example>",
        "<>",
        "group: pat@acme.example;",
        "<pat@acme.example",
        "=?utf-8?q?pat=40acme=2Eexample?=",
    ],
)
def test_what_two_readers_could_take_for_two_people_is_nobody(value: str) -> None:
    assert sole_address(value) is None


@pytest.mark.parametrize(
    "value",
    [
        '"pat@acme.example" <eve@evil.example>',
        "(<pat@acme.example>) <eve@evil.example>",
        '"\\"<pat@acme.example>" <eve@evil.example>',
        "=?utf-8?q?pat=40acme=2Eexample?= <eve@evil.example>",
    ],
)
def test_an_address_in_a_name_is_a_name(value: str) -> None:
    found = sole_address(value)
    assert found is not None
    assert found[1] == "eve@evil.example"


@given(st.text())
def test_a_sole_address_is_one_address(value: str) -> None:
    found = sole_address(value)
    assert found is None or addresses(found[1]) == [found[1]]


# --- structure ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "bare"),
    [
        ("a (b (c) d) e", "a e"),
        ('a "b; \\" c" d', "a d"),
        ("a (\\) b) c", "a c"),
        ('"(" a', "a"),
        ("a (b", None),
        ('a "b', None),
        ("a ) b", None),
    ],
)
def test_comments_and_quotes_hold_no_structure(value: str, bare: str | None) -> None:
    found = unquoted(value)
    assert (None if found is None else " ".join(found.split())) == bare


def test_message_ids_are_what_stands_in_brackets() -> None:
    assert list(message_ids(["<a@x> b <c@x>", "none <> < d@x>", "<e@x>"])) == [
        "<a@x>",
        "<c@x>",
        "<e@x>",
    ]


def test_an_endless_message_id_is_none() -> None:
    assert list(message_ids(["<" + "a" * 501 + ">"])) == []


def test_parameters_have_names_in_lower_case_and_no_quotes() -> None:
    found = parameters('multipart/report; Report-Type="delivery-status"; boundary=b')
    assert found == {"report-type": "delivery-status", "boundary": "b"}


def test_addresses_are_found_in_order_whatever_stands_around_them() -> None:
    value = "Pat <pat@acme.example>, 'ann@acme.example'; (bo@acme.example) nobody"
    assert addresses(value) == ["pat@acme.example", "ann@acme.example", "bo@acme.example"]
