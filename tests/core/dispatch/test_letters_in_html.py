"""Letters in text and HTML, by policy and by language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.core.dispatch.scene import Site, mail, page
from upheld.dispatch.templates import Templates, Written, slug
from upheld.errors import ConfigError
from upheld.ledger import DeliveryState

POLICY = "Magnolia Customer Support"
VALUES: dict[str, Any] = {"case": {"title": "<b>Down</b> & out"}}


def put(folder: Path, path: str, text: str) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def written(folder: Path, language: str = "en", **values: Any) -> Written:
    return Templates(folder).written("hello", POLICY, language, VALUES | values)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The site's own templates: a letter in English."""
    put(tmp_path, "en/hello.txt", "Subject: {{ case.title }}\n\nOne.\n\nTwo: {{ case.title }}\n")
    return tmp_path


def test_a_letter_is_text_where_no_html_stands_beside_it(folder: Path) -> None:
    subject = "<b>Down</b> & out"
    assert written(folder) == Written(subject, f"One.\n\nTwo: {subject}\n")


def test_html_beside_it_makes_a_letter_of_both_and_is_escaped(folder: Path) -> None:
    put(folder, "en/hello.html", "<p>{{ case.title }}</p>")
    assert written(folder).html == "<p>&lt;b&gt;Down&lt;/b&gt; &amp; out</p>"
    assert "<b>Down</b>" in written(folder).text


def test_one_frame_stands_around_every_letter(folder: Path) -> None:
    put(
        folder,
        "en/letter.html",
        "<h1>{{ subject }}</h1>{% for p in paragraphs %}<p>{{ p }}</p>{% endfor %}",
    )
    html = written(folder).html
    title = "&lt;b&gt;Down&lt;/b&gt; &amp; out"
    assert html == f"<h1>{title}</h1><p>One.</p><p>Two: {title}</p>"


def test_a_letter_of_its_own_comes_before_the_frame(folder: Path) -> None:
    put(folder, "en/letter.html", "frame")
    put(folder, "en/hello.html", "own")
    assert written(folder).html == "own"


def test_html_of_another_language_is_not_mixed_in(folder: Path) -> None:
    put(folder, "de/hello.txt", "Subject: Hallo\n\nHallo.\n")
    put(folder, "en/hello.html", "hello")
    assert (written(folder, "de-AT").text, written(folder, "de-AT").html) == ("Hallo.\n", None)
    assert written(folder, "fr").html == "hello"  # both in English


def test_html_of_the_site_goes_with_the_text_that_ships(tmp_path: Path) -> None:
    put(tmp_path, "en/reply.html", "<p>{{ text }}</p>")
    values = {"case": {"title": "x", "number": ""}, "text": "a < b"}
    letter = Templates(tmp_path).written("reply", POLICY, "en", values)
    assert (letter.text, letter.html) == ("a < b\n", "<p>a &lt; b</p>")


def test_a_policy_has_words_of_its_own(folder: Path) -> None:
    put(folder, "magnolia-customer-support/en/hello.txt", "Subject: Ours\n\nOurs.\n")
    assert written(folder).text == "Ours.\n"
    other = Templates(folder).written("hello", "Another", "en", VALUES)
    assert other.text.startswith("One.")


def test_the_language_comes_before_the_policy(folder: Path) -> None:
    """Who reads German is not written to in English because the policy has English words."""
    put(folder, "magnolia-customer-support/en/hello.txt", "Subject: Ours\n\nOurs.\n")
    put(folder, "de/hello.txt", "Subject: Hallo\n\nHallo.\n")
    assert written(folder, "de").text == "Hallo.\n"


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        ("Magnolia Customer Support", "magnolia-customer-support"),
        ("Xecuritas, v2 (EU)", "xecuritas-v2-eu"),
        ("../../etc", "etc"),
        ("!", "policy"),
    ],
)
def test_what_a_policys_folder_is_called(policy: str, name: str) -> None:
    assert slug(policy) == name


@pytest.mark.parametrize(
    "attack", ["{{ ''.__class__.__mro__ }}", "{% include '../secret' %}", "{{ 1 / 0 }}"]
)
def test_html_is_in_the_same_sandbox_and_its_faults_are_told(folder: Path, attack: str) -> None:
    put(folder, "en/hello.html", f"<p>\n{attack}</p>")
    with pytest.raises(ConfigError, match="can't be filled") as caught:
        written(folder)
    assert "templates/" in str(caught.value.where)


def test_broken_html_keeps_no_page(site: Site, tmp_path: Path) -> None:
    put(tmp_path, "en/letter.html", "{{ 1 / 0 }}")
    site.templates = tmp_path
    site.case(page(), mail())
    site.go()
    assert (site.state("p"), site.state("m")) == (DeliveryState.ACCEPTED, DeliveryState.DEAD)


def test_only_mail_has_html(site: Site, tmp_path: Path) -> None:
    put(tmp_path, "en/letter.html", "<p>{{ subject }}</p>")
    site.templates = tmp_path
    site.case(page(), mail())
    site.go()
    assert (site.state("p"), site.state("m")) == (DeliveryState.ACCEPTED, DeliveryState.ACCEPTED)
    assert site.pager.sent[0].message.html is None
    assert site.mail.sent[0].message.html.startswith("<p>")
