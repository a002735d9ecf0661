"""HTML of strangers: what is quoted in it, and what of it may be shown."""

from __future__ import annotations

import pytest

from upheld_email.hypertext import from_html, harmless

QUOTED = {
    "gmail": '<div>Yes.</div><div class="gmail_quote"><div>We wrote:<div>Old</div></div></div>',
    "apple": '<p>Yes.</p><blockquote type="cite">Old<blockquote>Older</blockquote></blockquote>',
    "outlook": '<p>Yes.</p><hr><div id="divRplyFwdMsg">From: us</div><div>Old</div>',
    "yahoo": '<div>Yes.</div><div id="x" class="a yahoo_quoted">Old</div>',
    "thunderbird": '<p>Yes.</p><div class="moz-cite-prefix">Us:</div>'
    '<blockquote type="cite">Old</blockquote>',
}


@pytest.mark.parametrize("program", QUOTED)
def test_what_a_program_marks_as_quoted(program: str) -> None:
    assert from_html(QUOTED[program], quotes=False).strip() == "Yes."
    assert "Old" in from_html(QUOTED[program])


def test_what_is_written_below_a_quotation_stays() -> None:
    html = '<blockquote type="cite"><p>Old</p></blockquote><p>Yes.</p>'
    assert from_html(html, quotes=False).strip() == "Yes."


def test_a_quotation_that_never_ends() -> None:
    assert from_html('<p>Yes.<blockquote type="cite"><p>Old', quotes=False).strip() == "Yes."


def test_a_plain_blockquote_is_the_writers_own() -> None:
    assert "Words" in from_html("<blockquote>Words</blockquote>", quotes=False)


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>a<script>alert(1)</script></p>", "<p>a</p>"),
        ('<b onclick="x()">a</b>', "<b>a</b>"),
        ('<img src="https://x.example/pixel.gif">', "<img>"),
        ('<img src="cid:logo">', '<img src="cid:logo">'),
        ('<img srcset="https://x.example/a 2x">', "<img>"),
        ('<a href="javascript:x()">a</a>', '<a rel="noopener noreferrer">a</a>'),
        ("<form action=x><input name=a>a</form>", "a"),
        ("<style>p{background:url(https://x.example)}</style>", ""),
        ('<p style="background:url(https://x.example)">a</p>', "<p>a</p>"),
        ("<iframe src=https://x.example></iframe>", ""),
    ],
)
def test_what_may_be_shown(html: str, shown: str) -> None:
    """No script, no form, and no picture that tells the sender who looked."""
    assert harmless(html) == shown


def test_a_mail_that_is_nested_without_end() -> None:
    deep = "<div>" * 5000 + "x" + "</div>" * 5000
    assert "x" in from_html(deep, quotes=False)
    assert "x" in harmless(deep)


@pytest.mark.parametrize("begun", ["<a ", "<!--", '<a b="', "<![", "<?", "</a ", "<!x", "&#", "<"])
def test_what_is_begun_without_end_holds_nobody_up(begun: str) -> None:
    """The library alone looked for the end of each anew: an hour, in which nobody was paged."""
    assert from_html("<p>Down.</p>" + begun * (500_000 // len(begun))).startswith("Down.\n")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>AT&T &amp; us &lt;3", "AT&T & us <3"),
        ("<p>a</p>b <!-- <b>c</b> and d", "a b <!-- c and d"),
        ("it is down <a href='x", "it is down <a href='x"),
    ],
)
def test_what_stands_behind_something_begun_is_read(html: str, text: str) -> None:
    assert " ".join(from_html(html).split()) == text
