"""The document as a page: nothing in a policy is taken for markup."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.policy import load_shipped
from upheld.policy.document import Chapter, Note, Published, Sentence, document
from upheld.policy.load import shipped
from upheld.policy.render import Page, plain, render
from upheld.policy.tables import Table

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
    str.strip
)


class Reader(HTMLParser):
    """What a browser shows, and every tag and attribute that it saw."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.tags: list[str] = []
        self.links: set[str] = set()
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        named = {key: value or "" for key, value in attrs}
        self.links |= {named["href"]} if "href" in named else set()
        self.ids += [named["id"]] if "id" in named else []

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def page_of(text: str) -> Published:
    table = Table((text, "b"), ((text, "d"),))
    sentence = Sentence("A-1", text, 1, (table,))
    chapter = Chapter(text, text, (table,), (sentence,))
    return Published(text, text, "1", "v-1", (chapter,), (Note(1, "A-1", text),), table)


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize("page", Page)
def test_each_sentence_and_each_reading_is_on_the_page(name: str, page: Page) -> None:
    published = document(load_shipped(name))
    text = render(published, page)
    shown = html.unescape(text) if page is Page.HTML else text
    write = plain if page is Page.MARKDOWN else str
    for chapter in published.chapters:
        for each in chapter.sentences:
            assert each.clause in shown
            assert write(each.text) in shown
    for note in published.notes:
        assert write(note.text) in shown


@given(TEXTS)
def test_html_shows_any_text_as_it_is_and_makes_no_tag_of_it(text: str) -> None:
    reader, harmless = (Reader(render(page_of(each), Page.HTML)) for each in (text, "text"))
    assert reader.tags == harmless.tags
    assert text in "".join(reader.said)


def test_html_loads_nothing_and_every_link_leads_within_the_page() -> None:
    reader = Reader(render(document(load_shipped("magnolia")), Page.HTML))
    assert not {"script", "link", "img", "iframe"} & set(reader.tags)
    assert {link.removeprefix("#") for link in reader.links} <= set(reader.ids)
    assert len(reader.ids) == len(set(reader.ids))


@given(TEXTS)
def test_markdown_keeps_its_shape_whatever_a_text_holds(text: str) -> None:
    lines = render(page_of(text), Page.MARKDOWN).splitlines()
    assert sum(line.startswith("## ") for line in lines) == 3
    rows = [line for line in lines if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {3}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2 * 3 _is_ [six](x)", r"2 \* 3 \_is\_ \[six\](x)"),
        ("1. not a list", r"\1. not a list"),
        ("# no heading", r"\# no heading"),
        ("a | b <i>", r"a \| b \<i\>"),
        ("two\n\nlines", "two lines"),
    ],
)
def test_what_markdown_would_take_for_more_is_escaped(text: str, written: str) -> None:
    assert plain(text) == written
