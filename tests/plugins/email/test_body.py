"""The words of a mail: which part is read, how HTML becomes text, what is a file."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld_email.body import attachments, depth_and_parts, payload, words
from upheld_email.headers import Mime, parsed
from upheld_email.hypertext import from_html


def part(kind: str, text: str, *headers: str) -> str:
    return "\n".join((f"Content-Type: {kind}", *headers, "", text))


def mime(text: str) -> Mime:
    return parsed(text.encode())


def multipart(*parts: str, kind: str = "mixed", headers: str = "") -> Mime:
    inner = "".join(f"--b\n{each}\n" for each in parts)
    return mime(f"Content-Type: multipart/{kind}; boundary=b{headers}\n\n{inner}--b--\n")


# --- what is read ---------------------------------------------------------------------------------


def test_plain_text_is_taken_and_html_kept_beside_it() -> None:
    mail = multipart(
        part("text/plain", "plain"), part("text/html", "<p>rich</p>"), kind="alternative"
    )
    assert (words(mail).text, words(mail).html) == ("plain", "<p>rich</p>")


@pytest.mark.parametrize("plain", ["", " \n\n"])
def test_where_plain_text_says_nothing_the_html_is_read(plain: str) -> None:
    mail = multipart(
        part("text/plain", plain), part("text/html", "<p>rich</p>"), kind="alternative"
    )
    assert words(mail).text == "rich\n"


def test_a_footer_that_a_list_adds_as_text_is_not_all_of_a_mail_in_html() -> None:
    quoted = '<div class="gmail_quote">Old</div>'
    mail = multipart(part("text/html", f"<p>It is down</p>{quoted}"), part("text/plain", "-- list"))
    said = words(mail)
    assert said.text.split() == ["It", "is", "down", "Old", "--", "list"]
    assert said.fresh.split()[:3] == ["It", "is", "down"]
    assert "Old" not in said.fresh
    assert said.html == "<p>It is down</p><div>Old</div>\n".rstrip("\n")


def test_a_footer_below_text_and_html_that_say_the_same_is_below_the_text() -> None:
    both = (
        "Content-Type: multipart/alternative; boundary=c\n\n--c\n"
        + part("text/plain", "It is down")
        + "\n--c\n"
        + part("text/html", "<p>It is down</p>")
        + "\n--c--\n"
    )
    assert words(multipart(both, part("text/plain", "the list"))).text.split("\n") == [
        "It is down",
        "the list",
    ]


def test_an_attached_mail_has_no_say_in_what_is_read() -> None:
    within = (
        "Content-Type: message/rfc822\n\nContent-Type: multipart/alternative; boundary=d\n\n--d--"
    )
    mail = multipart(part("text/html", "<p>Down</p>"), part("text/plain", "list"), within)
    assert words(mail).text.split() == ["Down", "list"]


def test_a_text_in_pieces_is_one_text() -> None:
    mail = multipart(part("text/plain", "one"), part("image/png", "x"), part("text/plain", "two"))
    assert (words(mail).text, words(mail).html) == ("one\ntwo", None)


def test_a_text_that_is_a_file_is_not_the_text() -> None:
    log = part("text/plain", "log", "Content-Disposition: attachment; filename=x.log")
    named = part("text/plain", "named", 'Content-Disposition: inline; filename="y.log"')
    mail = multipart(part("text/plain", "words"), log, named)
    assert words(mail).text == "words"
    assert [file.name for file in attachments(mail)] == ["x.log", "y.log"]


def test_line_ends_are_of_one_kind() -> None:
    assert words(mime("\none\r\ntwo\rthree\n")).text == "one\ntwo\nthree\n"


# --- HTML -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo\n"),
        ("one<br>two<br/>three", "one\ntwo\nthree\n"),
        ("a   b\n\tc", "a b c\n"),
        ("&lt;x&gt; &amp; &#252;", "<x> & ü\n"),
        ("<tr><td>disk</td><td>full</td></tr>", "disk full\n"),
        ("<ul><li>one</li><li>two</li></ul>", "one\n\ntwo\n"),
        ('<a href="https://x.example/1">log</a>', "log <https://x.example/1>\n"),
        ('<a href="javascript:alert(1)">log</a>', "log\n"),
        ("<a>log</a>", "log\n"),
        ("a<script>evil()</script>b<style>p {}</style>c", "abc\n"),
        ("<html><head><title>t</title></head><body>words</body></html>", "words\n"),
        ("<html><head><title>t</title><body>words", "words\n"),  # HTML lets its end be left out
        ("<html><head><meta charset=utf-8><p>words", "words\n"),
        ("</script>words", "words\n"),
        ("a<!-- [if mso]>b<![endif]-->c", "ac\n"),
        ("a<![if !mso]>b<![endif]>c<![x y]>d<![;]>e", "abcde\n"),
        ("<p>one</p>" + "<br>" * 20 + "<p>two</p>", "one\n\ntwo\n"),
        ("", "\n"),
    ],
)
def test_html_is_read_as_a_person_sees_it(html: str, text: str) -> None:
    assert from_html(html) == text


@given(st.text(st.sampled_from("<>/!-&;#ap \n\"'=sctyle[]?"), max_size=200))
def test_no_html_raises(html: str) -> None:
    assert from_html(html).endswith("\n")


def test_endless_html_is_read_up_to_a_limit() -> None:
    assert len(from_html("x" * 2_000_000)) == 500_001


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\\\..\\\\boot.ini", "boot.ini"),
        ("/abs/x.txt", "x.txt"),
        ("..", "part-1"),
        ("a/", "a"),
        ("=?utf-8?q?Gr=C3=B6=C3=9Fe=2Etxt?=", "Größe.txt"),
        ("=?utf-8?q?=2E=2E=2Fx?=", "x"),
        ("x" * 300 + ".log", "x" * 116 + ".log"),
    ],
)
def test_a_file_has_a_base_name_of_bounded_length(given_name: str, name: str) -> None:
    disposition = f'Content-Disposition: attachment; filename="{given_name}"'
    (file,) = attachments(mime(f"{disposition}\n\nx"))
    assert file.name == name


def test_a_name_in_another_charset_is_read() -> None:
    name = "Content-Disposition: attachment; filename*=iso-8859-1'de'Gr%F6%DFe.txt"
    (file,) = attachments(mime(f"{name}\n\nx"))
    assert file.name == "Größe.txt"


@pytest.mark.parametrize("broken", ["filename*=x; filename*1*=y", "filename*=a%00b'de'x"])
def test_a_name_that_nobody_can_read_costs_the_name_and_not_the_mail(broken: str) -> None:
    (file,) = attachments(mime(f"Content-Disposition: attachment; {broken}\n\nx"))
    assert file.size == 1
    assert file.name


def test_a_mail_in_a_mail_that_can_not_be_written_again_costs_its_bytes_alone() -> None:
    inner = "Subject: x\x0cBcc: y\n\ninner"
    mail = multipart(part("text/plain", "words"), part("message/rfc822", inner))
    (file,) = attachments(mail)
    assert (words(mail).text, file.size) == ("words", 0)


def test_a_file_has_its_bytes_size_and_kind() -> None:
    mail = EmailMessage()
    mail.set_content("words")
    mail.add_attachment(
        b"\x00\xff", maintype="application", subtype="ms-tnef", filename="winmail.dat"
    )
    (file,) = attachments(parsed(mail.as_bytes()))
    with file.open() as opened:
        assert opened.read() == b"\x00\xff"
    assert (file.size, file.media_type, file.name) == (2, "application/ms-tnef", "winmail.dat")


def test_every_part_that_nobody_reads_as_text_is_a_file_with_a_number_of_its_own() -> None:
    mail = multipart(part("text/plain", "x"), part("text/calendar", "y"), part("image/png", "z"))
    assert [(file.id, file.name) for file in attachments(mail)] == [
        ("2", "part-2"),
        ("3", "part-3"),
    ]


def test_a_mail_in_a_mail_is_one_file_and_its_words_stay_in_it() -> None:
    inner = "From: eve@evil.example\n\ninner words"
    mail = multipart(part("text/plain", "see below"), part("message/rfc822", inner))
    (file,) = attachments(mail)
    assert words(mail).text == "see below"
    with file.open() as opened:
        assert b"inner words" in opened.read()


def test_bad_base64_gives_what_can_be_had() -> None:
    broken = mime("Content-Transfer-Encoding: base64\n\naGVsbG8\n!!!\n")
    assert payload(broken).startswith(b"hello")


# --- how much -------------------------------------------------------------------------------------


def nested(depth: int) -> str:
    text = part("text/plain", "x")
    for level in range(depth):
        text = f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n{text}\n--b{level}--\n"
    return text


@pytest.mark.parametrize("depth", [0, 1, 30])
def test_depth_is_counted(depth: int) -> None:
    assert depth_and_parts(mime(nested(depth))) == (depth + 1, depth + 1)


def test_parts_are_counted_all_of_them() -> None:
    assert depth_and_parts(multipart(*(part("text/plain", "x") for _ in range(7)))) == (2, 8)
