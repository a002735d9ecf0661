"""What a witness kept is read back, whatever a mail or a hand did to the text around it."""

from __future__ import annotations

import base64
import json
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.audit.conftest import Life
from tests.core.ledger.scene import NOW
from upheld.calendar.instant import iso
from upheld.errors import ConfigError
from upheld.report.verify import Head, disagreements, heads_in
from upheld.report.witness import read, verify, written

HEAD = Head(42, "Zürich, support", iso(NOW + 1), "0f" * 32)
LETTER = f"Dear Pat,\n\nplease keep this:\n\n{written(HEAD)}\n\nYours, Ann\n"
SITES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30)
HEADS = st.builds(
    Head,
    number=st.integers(1, 10**9),
    site=SITES,
    at=st.integers(0, 4 * 10**15).map(iso),
    head=st.binary(min_size=32, max_size=32).map(bytes.hex),
)


def found(text: str) -> list[Head]:
    return heads_in(text.encode())[0]


@given(heads=st.lists(HEADS, min_size=1, max_size=4, unique=True), noise=st.text(max_size=60))
def test_every_head_is_read_back_from_the_text_around_it(heads: list[Head], noise: str) -> None:
    text = noise + "".join(f"\n{written(head)}\n" for head in heads)
    assert set(found(text)) == set(heads)


@pytest.mark.parametrize(
    "letter",
    [
        LETTER,
        LETTER.replace("0f0f", "0F0F"),
        LETTER.replace("\n", "\r\n"),
        textwrap.indent(LETTER, "> "),
        textwrap.indent(LETTER, "> > "),
        " ".join(LETTER.split()),
        "\n".join(textwrap.wrap(LETTER, 30)),
        json.dumps({"text": written(HEAD)}, ensure_ascii=False),
        written(HEAD).replace(" ", "  "),
    ],
    ids=[
        "as sent",
        "capitals",
        "CRLF",
        "quoted",
        "quoted twice",
        "one line",
        "narrow",
        "json",
        "typed",
    ],
)
def test_a_head_is_found_however_it_was_laid_out(letter: str) -> None:
    (head,) = found(letter)
    assert (head.number, head.head) == (HEAD.number, HEAD.head)


def test_a_head_is_found_in_a_mail_that_was_saved_as_it_came() -> None:
    body = base64.encodebytes(LETTER.encode()).decode()
    mail = (
        "From: a@b.example\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
        f"Content-Transfer-Encoding: base64\n\n{body}"
    )
    assert found(mail) == [HEAD]


def test_no_line_of_ours_is_wrapped_by_a_mail_program() -> None:
    assert max(len(line) for line in written(HEAD).splitlines()) <= 72


@given(head=HEADS, place=st.integers(0, 63), digit=st.sampled_from("0123456789abcdef"))
def test_a_slip_of_the_pen_is_no_accusation(head: Head, place: int, digit: str) -> None:
    groups = " ".join(textwrap.wrap(head.head[:place] + digit + head.head[place + 1 :], 8))
    text = written(head).replace(" ".join(textwrap.wrap(head.head, 8)), groups)
    heads, slips = heads_in(text.encode())
    assert (heads, slips) == (([head], []) if digit == head.head[place] else ([], [head.number]))


def test_a_file_with_a_slip_or_without_a_head_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mail.txt"
    file.write_text("nothing of ours", encoding="utf-8")
    with pytest.raises(ConfigError, match="there is no head of a seal in it"):
        read(file)
    file.write_text(written(HEAD).replace("0f0f0f0f", "0f0f0f0e", 1), encoding="utf-8")
    with pytest.raises(ConfigError, match="seal 42 is mistyped or cut"):
        read(file)
    with pytest.raises(ConfigError, match="can't be read"):
        read(tmp_path)


def test_a_head_of_a_seal_that_is_gone_or_of_another_site_is_told() -> None:
    known = {42: HEAD.head}
    assert list(disagreements([HEAD], known, HEAD.site)) == []
    ((_head, gone),) = disagreements([HEAD], {}, HEAD.site)
    assert gone == f"seal 42 of {HEAD.at} was witnessed, and is gone"
    ((_head, elsewhere),) = disagreements([HEAD], known, "Bern")
    assert elsewhere == "the witness is of site 'Zürich, support', this is 'Bern'"


def test_seals_cut_off_the_end_are_missed_by_the_witness(life: Life) -> None:
    beyond = life.heads[-1]._replace(number=10_000)
    with life.ledger.reading() as tx:
        result = verify(tx, "test", heads=[life.heads[0], beyond])
    assert result.witnessed is not None
    assert result.witnessed.number == 1
    assert "seal 10000" in result.faults[0].what
    assert "is gone" in result.faults[0].what


def test_the_more_heads_a_witness_has_the_narrower_is_the_suspicion(life: Life) -> None:
    first, second, third = life.heads[:3]
    wrong = second._replace(head="00" * 32)
    with life.ledger.reading() as tx:
        narrow = verify(tx, "test", heads=[first, wrong])
        wide = verify(tx, "test", heads=[third._replace(head="00" * 32)])
        other = verify(tx, "test", case=life.cases[0], heads=[first, wrong])
    suspects = {fault.subject for fault in narrow.faults if fault.subject}
    assert suspects < {fault.subject for fault in wide.faults if fault.subject}
    assert "what seal 2 held was written anew" in narrow.faults[0].what
    assert "what seals 1 to 3 held" in wide.faults[0].what
    assert {fault.subject for fault in other.faults} <= {None, life.cases[0]}
