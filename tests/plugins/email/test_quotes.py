"""What is new in an answer, whatever program and language it was written in."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mailparser_reply import EmailMessage

from upheld_email.quotes import LANGUAGES, first_head, fresh

US = "Magnolia <support@magnolia.example>"
OLD = "> Thank you.\n>\n> We look at it.\n"
CUT = {
    "gmail": f"Yes.\n\nOn Tue, Dec 1, 2026 at 12:00 PM {US} wrote:\n{OLD}",
    "gmail in two lines": "Yes.\n\nOn Tue, Dec 1, 2026 at 12:00 PM Magnolia Support\n"
    f"<s@m.example> wrote:\n\n{OLD}",
    "gmail, German": f"Yes.\n\nAm Di., 1. Dez. 2026 um 12:00 Uhr schrieb {US}:\n\n{OLD}",
    "gmail, French": f"Yes.\n\nLe mar. 1 déc. 2026 à 12:00, {US} a écrit :\n\n{OLD}",
    "gmail, Japanese": f"Yes.\n\n2026年12月1日(火) 12:00 {US}:\n{OLD}",
    "gmail, Portuguese": f"Yes.\n\nEm ter., 1 de dez. de 2026 às 12:00, {US} escreveu:\n\n{OLD}",
    "gmail, Russian": f"Yes.\n\nвт, 1 дек. 2026 г. в 12:00, {US}:\n\n{OLD}",
    "thunderbird": f"Yes.\n\nOn 01/12/2026 12:00, Magnolia wrote:\n{OLD}",
    "thunderbird, German": f"Yes.\n\nAm 01.12.26 um 12:00 schrieb Magnolia:\n{OLD}",
    "outlook": "Yes.\n\nFrom: Magnolia <s@m.example>\nSent: Tuesday, December 1, 2026 12:00 PM\n"
    "To: Pat\nSubject: RE: x\n\nThank you.\n",
    "outlook, German": "Yes.\n\nVon: Magnolia <s@m.example>\nGesendet: Dienstag, 1. Dezember 2026\n"
    "An: Pat\nBetreff: AW: x\n\nDanke.\n",
    "outlook, French": "Yes.\n\nDe : Magnolia <s@m.example>\nEnvoyé : mardi 1 décembre 2026\n"
    "À : Pat\nObjet : RE: x\n\nMerci.\n",
    "outlook with a line": "Yes.\n________________________________\nFrom: X\nTo: Y\n\nOld\n",
    "outlook of old": "Yes.\n\n-----Original Message-----\nFrom: X\nTo: Y\n\nOld\n",
    "gmail, Polish": f"Yes.\n\nwt., 1 gru 2026 o 12:00 {US} napisał(a):\n\n{OLD}",
    "outlook, Polish, names alone, above our line": "Yes.\n\n________________________________\n"
    "Od: Magnolia\nWysłano: wtorek, 1 grudnia 2026 12:00\nDo: Bo\nTemat: Sev 1\n\n"
    "##- What you write above this line goes to the customer. -##\n\nThey owe us money.\n",
    "our line, wrapped": "Yes.\n\n##- What you write above\nthis line -##\n\nOld\n",
    "our line, announced": f"Yes.\n\nUS pisze <{US}>:\n\n  ##- Powyżej -##\n\nOld\n",
    "no announcement": f"Yes.\n\n{OLD}",
    "announced, and nothing behind": "Yes.\n\n> \n",
}
KEPT = {
    "an answer between the lines": "> Is it down?\nYes.\n> All of it?\nNo.\n",
    "an answer below": "> Is it down?\n\nYes, it is.\n",
    "an answer below its announcement": f"On Dec 1, {US} wrote:\n{OLD}\nYes, it is.\n",
    "an answer below, and a greeting above": f"Hello,\n\nOn Dec 1, {US} wrote:\n{OLD}\nYes.\n",
    "answers between the lines below our own": f"Hello,\n\nOn Dec 1, {US} wrote:\n> ##- Above -##\n"
    "> Is it down?\nYes.\n",
    "hashes": "Run this:\n## - a heading\n##-off\n",
    "nothing but a quotation": OLD,
    "nothing but an announced one": f"On Tue, Dec 1, 2026 at 12:00 PM {US} wrote:\n{OLD}",
    "lines that look like a head": "From: the second one\nit fails. Since noon.\n",
    "a list with dashes": "Steps:\n-- one\n- two\n",
    "a signature": "Yes.\n\nBest regards,\nPat\n",
    "a line that is a head in Polish": "To the team:\n\nData: 5 rows lost.\nPlease help.\n",
    "points": "version: 5.1\nos: Debian\n",
    "indentation": "Traceback:\n    raise X\n\n\n  at y\n",
    "nothing": "",
}


@pytest.mark.parametrize("name", CUT)
def test_an_older_mail_is_cut_off(name: str) -> None:
    assert fresh(CUT[name]) == "Yes.\n"


@pytest.mark.parametrize("name", KEPT)
def test_in_doubt_nothing_is(name: str) -> None:
    assert fresh(KEPT[name]) == KEPT[name]


PAGE = "##- What you write above this line goes to the customer. -##\n\nThey owe us money.\n"
HEAD = f"From: {US}\nSent: Tuesday, December 1, 2026 12:00 PM\nTo: Bo\nSubject: Sev 1\n\n"
MARKED = "".join(f"> {line}\n" for line in PAGE.splitlines())
NOTHING = {
    "outlook, and only a file": f"\n\n{HEAD}{PAGE}",
    "outlook with a line": f"\n________________________________\n{HEAD}{PAGE}",
    "an answer below what is not marked": f"{HEAD}{PAGE}\nYes, we do.\n",
    "gmail": f"\n\nOn Tue, Dec 1, 2026 at 12:00 PM {US} wrote:\n\n{MARKED}",
    "gmail, Portuguese": f"Em ter., 1 de dez. de 2026, {US} escreveu:\n\n{MARKED}",
    "only marked lines": MARKED,
    "the line alone": PAGE,
}


@pytest.mark.parametrize("ours", [frozenset(), frozenset({"support@magnolia.example"})])
@pytest.mark.parametrize("name", NOTHING)
def test_of_an_internal_page_with_nothing_above_it_nothing_is_new(
    name: str, ours: frozenset[str]
) -> None:
    """What is new is sent on to the customer."""
    assert fresh(NOTHING[name], ours) == ""


OURS = frozenset({"support@magnolia.example", "help@magnolia.example"})
OUTLOOK = {
    "Portuguese": "De: Magnolia <{us}>\nEnviada em: terça-feira\nPara: Pat\nAssunto: RE: x",
    "Russian": "От: Магнолия <{us}>\nОтправлено: вторник\nКому: Pat\nТема: x",
    "Polish": "Od: Magnolia <{us}>\nWysłano: wtorek\nDo: Pat\nTemat: x",
    "Turkish": "Kimden: Magnolia <{us}>\nGönderildi: Salı\nKime: Pat\nKonu: x",
    "Greek, in one line": "Στις Τρί 1 Δεκ 2026, ο χρήστης Magnolia <{us}> έγραψε:",
}


@pytest.mark.parametrize("us", ["support@magnolia.example", "Support+irq.abc.0f@magnolia.example"])
@pytest.mark.parametrize("language", OUTLOOK)
def test_a_head_that_names_us_is_one_in_any_language(language: str, us: str) -> None:
    """An internal page that an engineer answers must not go on to the customer."""
    text = f"Yes.\n\n{OUTLOOK[language].format(us=us)}\n\nSeverity 1, internal.\n"
    assert fresh(text, OURS) == "Yes.\n"


@pytest.mark.parametrize(
    "text",
    [
        "I wrote to support@magnolia.example twice.\nNo answer.\n",
        "From: support@magnolia.example comes nothing.\n",  # nothing would be left
        "Yes.\n\nFrom: other@magnolia.example\nwe got this.\n",
        "Yes.\n\nFrom: xsupport@magnolia.example\nwe got this.\n",
    ],
)
def test_an_address_of_ours_in_a_sentence_is_no_head(text: str) -> None:
    assert fresh(text, OURS) == text


def test_what_is_kept_is_kept_as_it_was_written() -> None:
    own = "  $ ls -l\n\n\n\ttotal 0\n"
    assert fresh(f"{own}\nOn Dec 1, 2026 at 12:00 PM {US} wrote:\n{OLD}") == own


@pytest.mark.parametrize(
    "words", ["On ", "Le ", "From: ", "On x wrote\n", "Sent from ", ">", "a\n\n", "_", "* ", "年"]
)
def test_no_mail_takes_long(words: str) -> None:
    """The library takes 106 seconds for 48,000 letters of `On On On`."""
    begun = time.monotonic()
    fresh(words * (60_000 // len(words)))
    fresh("\n".join([(words.strip() + " ") * 60] * 300))
    assert time.monotonic() - begun < 3


_PIECES = [
    "\n",
    "> ",
    "From: a",
    "To: b",
    "Von: a",
    "An: b",
    "Fra: a",
    "On Dec 1, a wrote:",
    "x",
    "-----Oprindelig meddelelse-----",
    "-----Original Message-----",
    "-",
    "* ",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=20), st.integers(0, 20))
def test_where_a_head_can_begin_is_where_the_library_finds_one(
    pieces: list[str], start: int
) -> None:
    """It looks at each letter, which takes it five times as long."""
    text = "".join(pieces)
    found = first_head(text, start := text.rfind("\n", 0, start) + 1)
    library = EmailMessage(text="", languages=list(LANGUAGES)).HEADER_REGEX.search(text, start)
    assert (found and found.span()) == (library and library.span())


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "Yes.",
                "  x",
                "",
                "> q",
                f"On Dec 1, {US} wrote:",
                "From: a",
                "To: b",
                "----- X -----",
            ]
        ),
        max_size=12,
    )
)
def test_what_is_new_is_the_beginning_of_the_text_and_never_nothing(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = fresh(text)
    assert text.startswith(found.rstrip())
    assert bool(found.strip()) == bool(text.strip())
