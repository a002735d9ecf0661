"""Templates of the site's own, what a template may not do, and what happens when one is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.dispatch.scene import NOW, OPENED, POLICY, STAFF, Site, mail, page
from upheld.calendar.instant import HOUR
from upheld.case.decision import Purpose
from upheld.case.events import Event
from upheld.dispatch.compose import Composer, Known
from upheld.engine.case import replay
from upheld.engine.terms import compile_terms
from upheld.errors import Busy, ConfigError
from upheld.ledger import Delivery, DeliveryState, OutboxItem, OutboxState, Transaction
from upheld.plugin import Outgoing
from upheld.policy import load_policy

POLICY_READ: Final = load_policy(POLICY)
TERMS: Final = compile_terms(POLICY_READ)
SHIPPED: Final = Composer()
Put = Callable[..., None]


def item(template: str | None = None) -> OutboxItem:
    return OutboxItem(
        key="C1/p",
        subject="C1",
        purpose=Purpose.PAGE.value,
        to=("chief",),
        clauses=("H-1",),
        due=NOW,
        late=0,
        template=template,
        facts={},
        connection=None,
        why=None,
        state=OutboxState.PLANNED,
        reason=None,
        unwanted=None,
        created=NOW,
        urgency=0,
    )


TO_ANN: Final = Delivery(
    number=1,
    key="C1/p>ann",
    outbox_key="C1/p",
    subject="C1",
    purpose="page",
    urgency=0,
    recipient="ann",
    recipient_name="Ann Reyes",
    channel="page",
    connection="pager",
    address="ann",
    lane=None,
    state=DeliveryState.PENDING,
    detail=None,
    handle=None,
    not_before=0,
    attempts=0,
    owner=None,
    lease_until=None,
    token=1,
    changed=0,
)


def compose(
    composer: Composer,
    *,
    title: str = "Down",
    template: str | None = None,
    language: str = "en",
    to: Delivery = TO_ANN,
) -> Outgoing:
    """A page about a case of this title."""
    opened = replace(OPENED, subject=title)
    facts = (Event("e1", NOW, NOW, STAFF, opened),)
    known = Known(
        item=item(template),
        policy=POLICY_READ,
        life=replay(TERMS, "C1", facts, NOW + HOUR),
        facts=facts,
        opened=opened,
        site="test",
        links={"help": "https://house.example/help"},
        customer_name="Acme",
        people={"ann": "Ann Reyes"},
    )
    return composer.compose(
        known, to, zone="UTC", language=language, thread="C1/p>ann", reply_to=()
    )


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write a template of the site's own."""

    def written(text: str, name: str = "page", language: str = "en") -> None:
        file = tmp_path / language / f"{name}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())

    return written


def render(folder: Path, **how: Any) -> tuple[str, str]:
    message = compose(Composer(folder), **how)
    return message.subject, message.text


# --- which template ---------------------------------------------------------------------------------


def test_the_sites_own_template_comes_before_the_shipped(tmp_path: Path, put: Put) -> None:
    put("Subject: Ours\n\n{{ case.title }} on {{ site }}")
    assert render(tmp_path) == ("Ours", "Down on test\n")


def test_what_the_site_does_not_write_is_shipped(tmp_path: Path, put: Put) -> None:
    put("Subject: Ours\n\nours", name="status")
    assert render(tmp_path)[0].startswith("Not triaged: C1")


@pytest.mark.parametrize(
    ("language", "says"),
    [("de", "deutsch"), ("de-AT", "deutsch"), ("fr", "english"), ("en", "english")],
)
def test_the_readers_language_and_then_english(
    tmp_path: Path, put: Put, language: str, says: str
) -> None:
    put("Subject: .\n\ndeutsch", language="de")
    put("Subject: .\n\nenglish")
    assert render(tmp_path, language=language)[1] == f"{says}\n"


def test_a_region_may_have_words_of_its_own(tmp_path: Path, put: Put) -> None:
    put("Subject: .\n\ndeutsch", language="de")
    put("Subject: .\n\nösterreichisch", language="de-AT")
    assert render(tmp_path, language="de-AT")[1] == "österreichisch\n"


def test_a_rule_may_name_a_template(tmp_path: Path, put: Put) -> None:
    put("Subject: Ours\n\nvacation", name="vacation")
    assert render(tmp_path, template="vacation")[1] == "vacation\n"
    assert (Composer(tmp_path).knows("vacation"), Composer().knows("vacation")) == (True, False)


def test_a_template_may_take_in_another(tmp_path: Path, put: Put) -> None:
    put("Subject: Ours\n\nHello.\n{% include 'en/foot' %}")
    put("-- {{ policy.published_by }}", name="foot")
    assert render(tmp_path)[1] == "Hello.\n-- House Software\n"


@pytest.mark.parametrize("start", ["\ufeffSubject: Ours\r\n\r\n", "Subject:   Ours  \n\n"])
def test_a_template_may_come_from_any_editor(tmp_path: Path, put: Put, start: str) -> None:
    put(f"{start}text\r\nmore\n\n\n")
    assert render(tmp_path) == ("Ours", "text\nmore\n")


# --- text stays text --------------------------------------------------------------------------------


@given(st.text(max_size=80) | st.sampled_from(["a\r\nBcc: x@y.example", "a\n\nb", "\x85\u2028x"]))
def test_no_title_breaks_out_of_the_subject(title: str) -> None:
    subject = compose(SHIPPED, title=title).subject
    assert len(subject.splitlines()) == 1
    assert subject.startswith("Not triaged: C1 Acme:")


@given(st.text(alphabet="{}%#<>&'\" abc7*", max_size=40))
def test_what_people_write_is_never_read_as_a_template(title: str) -> None:
    line = " ".join(title.split())
    assert f"\n{line}\n" in f"\n{compose(SHIPPED, title=title).text}" or not line


# --- the sandbox ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ case.items.__func__.__globals__ }}",
        "{{ self.__init__.__globals__ }}",
        "{% for n in range(10**9) %}x{% endfor %}",
        "{{ clauses.append(1) }}",
        "{{ case.update({'title': 'x'}) }}",
        "{% include '../../../../etc/passwd' %}",
        "{% include 'en/../secret' %}",
        "{% include '/etc/hostname' %}",
        "{% import 'os' as os %}{{ os.environ }}",
    ],
)
def test_a_template_reaches_nothing_but_its_values(tmp_path: Path, put: Put, attack: str) -> None:
    put(f"Subject: x\n\n{attack}")
    (tmp_path / "secret.txt").write_text("hunter2")
    with pytest.raises(ConfigError, match="can't be filled") as caught:
        render(tmp_path)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("attack", ["{{ case.__class__ }}", "{{ ''|attr('__class__') }}"])
def test_what_is_hidden_reads_as_nothing(tmp_path: Path, put: Put, attack: str) -> None:
    put(f"Subject: x\n\n{attack}")
    assert render(tmp_path) == ("x", "\n")


@pytest.mark.parametrize("name", ["../secret", "..", "a/b", "", "a\nb"])
def test_a_policy_names_templates_and_no_paths(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("Subject: x\n\nhunter2")
    assert not Composer(tmp_path).knows(name)


# --- broken -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("Subject: x\n\n{% if case.title %}\nopen", 4, "Unexpected end of template"),
        ("Subject: x\n\n{{ case.title", 3, "unexpected end of template"),
        ("Subject: x\n\nfine\n{{ 1 / 0 }}\n", 4, "ZeroDivisionError"),
        ("Subject: x\n\n{{ case.nothing.more }}\n", 3, "has no attribute 'nothing'"),
        ("Subject: x\n\n\n{{ case.title + 1 }}\n", 4, "TypeError"),
        ("Subject: x\n\n{% include 'en/gone' %}\n", 3, "en/gone"),
    ],
)
def test_what_is_wrong_is_told_with_template_and_line(
    tmp_path: Path, put: Put, text: str, line: int, told: str
) -> None:
    put(text)
    with pytest.raises(ConfigError) as caught:
        render(tmp_path)
    assert str(caught.value.where) == f"templates/en/page.txt:{line}"
    assert told in caught.value.what
    assert Composer(tmp_path).knows("page"), "it is there, if broken"


def test_a_fault_in_what_is_taken_in_is_told_where_it_is(tmp_path: Path, put: Put) -> None:
    put("Subject: Ours\n\n{% include 'en/foot' %}")
    put("--\n{{ 1 / 0 }}", name="foot")
    with pytest.raises(ConfigError) as caught:
        render(tmp_path)
    assert str(caught.value.where) == "templates/en/foot.txt:2"


def test_a_file_that_is_no_text_is_told_as_such(tmp_path: Path, put: Put) -> None:
    put("")
    (tmp_path / "en" / "page.txt").write_bytes(b"Subject: \xff\n\nx")
    with pytest.raises(ConfigError, match=r"templates/en/page\.txt.*UnicodeDecodeError"):
        render(tmp_path)


def test_a_template_that_is_nowhere_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'vacation'"):
        render(tmp_path, template="vacation")


def test_a_broken_template_is_a_dead_letter_and_the_rest_goes_out(
    site: Site, tmp_path: Path, put: Put
) -> None:
    site.templates = tmp_path
    put("Subject: x\n\nfine\n{{ 1 / 0 }}\n")
    case = site.case(page(), mail())
    site.go()
    assert (site.state("p"), site.state("m")) == (DeliveryState.DEAD, DeliveryState.ACCEPTED)
    assert "templates/en/page.txt:4: template 'page' can't be filled" in str(
        site.delivery("p").detail
    )
    assert ("failed", "page") in [(proof.state, proof.purpose) for proof in site.proofs(case)]


def test_a_corrected_template_lets_the_letter_be_replayed(
    site: Site, tmp_path: Path, put: Put
) -> None:
    site.templates = tmp_path
    put("{{")
    site.case(page())
    site.go()
    put("Subject: Corrected\n\nfine")
    site.ledger.retrying(lambda tx: tx.replay(site.delivery("p").key))
    site.send()
    assert site.pager.sent[0].message.subject == "Corrected"


def test_a_case_whose_opening_was_erased_is_a_dead_letter(site: Site) -> None:
    case = site.case(page())
    site.plan()
    with site.ledger.transaction() as tx:
        tx.erase(case, [stored.id for stored in tx.events(case)], now=NOW)
    site.send()
    assert "what the case opened with was erased" in str(site.delivery("p").detail)


def test_a_ledger_that_can_not_be_read_kills_no_letter(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_self: Transaction, _case: str) -> None:
        raise Busy("the ledger is locked")

    site.case(page())
    site.plan()
    with monkeypatch.context() as patched:
        patched.setattr(Transaction, "subject", busy)
        with pytest.raises(Busy):
            site.send()
    assert site.state("p") is DeliveryState.PENDING


# --- what an answer stands above -----------------------------------------------------------------

ABOVE = "##- What you write above this line goes to the customer."


@pytest.mark.parametrize(
    ("recipient", "channel", "stands"),
    [
        ("ann", "mail", True),
        ("ann", "page", False),  # an answer to a page is no mail
        ("acme/pat", "mail", False),  # the customer's own
    ],
)
def test_mail_to_our_own_people_says_where_an_answer_goes(
    recipient: str, channel: str, *, stands: bool
) -> None:
    to = replace(TO_ANN, recipient=recipient, channel=channel)
    assert compose(SHIPPED, to=to).text.startswith(ABOVE) is stands


def test_that_line_is_the_sites_to_word(tmp_path: Path, put: Put) -> None:
    put("##- Powyżej -##", name="above", language="pl")
    put("Subject: x\n\nDown", language="pl")
    found = compose(Composer(tmp_path), to=replace(TO_ANN, channel="mail"), language="pl")
    assert found.text == "##- Powyżej -##\n\nDown\n"
