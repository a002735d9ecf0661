"""Text of bytes: what is declared, what is meant by it, and what can be made of what is neither."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld_email.charsets import decoded

RUSSIAN = "Почта не работает с самого утра, помогите пожалуйста."
CHINESE = "邮件服务器从今天早上开始就不能发送邮件了。"


@pytest.mark.parametrize(
    ("declared", "data", "text"),
    [
        ("iso-8859-1", b"\x93Hello\x94 \x96 it\x92s down", "“Hello” – it’s down"),
        ("iso-8859-9", "İstanbul’da".encode("cp1254"), "İstanbul’da"),
        ("gb2312", "朱镕基的邮件".encode("gbk"), "朱镕基的邮件"),
        ("big5", "銹".encode("big5hkscs"), "銹"),
        ("shift_jis", "①が落ちた".encode("cp932"), "①が落ちた"),
        ("ks_c_5601-1987", "똠방각하".encode("cp949"), "똠방각하"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("utf-8", "Grüße".encode("cp1252"), "Grüße"),
    ],
)
def test_what_programs_write_under_another_name_is_read_as_what_it_is(
    declared: str, data: bytes, text: str
) -> None:
    assert decoded(data, declared) == text


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("koi8-r", RUSSIAN),
        ("cp1251", RUSSIAN),
        ("gb18030", CHINESE),
        ("cp932", "今朝からメールが送信できません。至急ご確認をお願いします。"),
        ("cp949", "오늘 아침부터 메일을 보낼 수 없습니다."),
        ("cp1253", "Το ταχυδρομείο δεν λειτουργεί από το πρωί"),
    ],
)
@pytest.mark.parametrize("declared", [None, "utf-8", "us-ascii", "x-none"])
def test_a_script_of_its_own_is_known_without_a_name(
    charset: str, text: str, declared: str | None
) -> None:
    assert decoded(text.encode(charset), declared) == text


@pytest.mark.parametrize(("charset", "text"), [("utf-8", RUSSIAN), ("gb2312", CHINESE)])
def test_a_letter_that_was_cut_in_two_costs_no_other(charset: str, text: str) -> None:
    cut = text.encode(charset)[:-1]
    assert decoded(cut, charset).startswith(text[:-1])


def test_a_few_letters_of_a_latin_script_are_not_guessed_at() -> None:
    assert decoded("Viele Grüße aus Köln".encode("cp1252"), None) == "Viele Grüße aus Köln"


@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "base64", "gb2312", "iso2022_jp"]))
def test_any_bytes_are_some_text(data: bytes, charset: str | None) -> None:
    assert isinstance(decoded(data, charset), str)


@given(st.text())
def test_what_is_declared_truly_is_read_as_it_was_written(text: str) -> None:
    data = text.encode("utf-8", "ignore")
    assert decoded(data, "utf-8") == data.decode()
