"""customers.csv."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.directory.build import WrittenCustomer
from upheld.directory.customers_csv import COLUMNS, read_customers
from upheld.errors import ConfigError, Place

_HEAD = "id,name,kind,zone,plan,plan_until,domains,contact_name,contact_mail,contact_phone,contact_roles\n"
_ACME = (
    "acme,Acme Internet,isp,Europe/Berlin,premier,2027-12-31,acme.example;*.acme.example,"
    "Pat Lin,pat@acme.example,+1 202 555 0111,contact technical\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


def _read(file: Path, text: str | bytes) -> tuple[WrittenCustomer, ...]:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_customers(file)


def _refused(file: Path, text: str | bytes) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        _read(file, text)
    return caught.value


def test_a_row_is_a_customer_with_a_contact(file: Path) -> None:
    (acme,) = _read(file, _HEAD + _ACME)
    assert acme.id == "acme"
    assert acme.place == Place(str(file), 2)
    assert (acme.entry.name, acme.entry.kind, acme.entry.zone) == (
        "Acme Internet",
        "isp",
        "Europe/Berlin",
    )
    (plan,) = acme.entry.plan
    assert (plan.plan, plan.until) == ("premier", date(2027, 12, 31))
    assert acme.entry.domains == ("acme.example", "*.acme.example")
    (pat,) = acme.entry.contacts
    assert (pat.name, pat.mail, pat.phone) == ("Pat Lin", "pat@acme.example", "+12025550111")
    assert pat.roles == ("contact", "technical")


def test_further_rows_are_further_contacts(file: Path) -> None:
    more = "acme,,,,,,,Ray Ode,ray@acme.example,,escalation-manager\nacme,Acme Internet,,,,,,,,,\n"
    (acme,) = _read(file, _HEAD + _ACME + more)
    assert [each.name for each in acme.entry.contacts] == ["Pat Lin", "Ray Ode"]


def test_rows_that_contradict_each_other_are_refused_with_both_lines(file: Path) -> None:
    error = _refused(file, _HEAD + _ACME + "acme,Acme,,,,,,Ray,ray@acme.example,,\n")
    assert error.where == Place(str(file), 3)
    assert "'Acme' here and 'Acme Internet' in line 2" in error.what


def test_a_contact_without_a_name_or_roles_is_taken(file: Path) -> None:
    (x,) = _read(file, "id,name,contact_mail\nx,X,help@x.example\n")
    (contact,) = x.entry.contacts
    assert (contact.name, contact.roles) == ("help@x.example", ("contact",))


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_what_spreadsheets_write_is_read(file: Path, start: bytes, end: str) -> None:
    text = f"id;name;domains{end}mü;Müller;a.example, b.example{end};;{end}"
    (found,) = _read(file, start + text.encode())
    assert (found.id, found.entry.name) == ("mü", "Müller")
    assert found.entry.domains == ("a.example", "b.example")


def test_a_quoted_cell_may_hold_commas_and_lines(file: Path) -> None:
    text = 'id,name\nx,"X, Y\n& Z"\ny,Y\nz,\n'
    error = _refused(file, text)
    assert error.where == Place(str(file), 5)
    assert "name" in error.what
    (x, y) = _read(file, text.replace("z,\n", ""))
    assert x.entry.name == "X, Y\n& Z"
    assert y.place == Place(str(file), 4)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("id,nam\nx,X\n", 1, "unknown column 'nam'"),
        ("id,name,name\nx,X,X\n", 1, "stands twice"),
        ("name\nX\n", 1, "has no column `id`"),
        ("id,name\n,X\n", 2, "has no id"),
        ("id,name\nx,X,Y\n", 2, "3 cells for 2 columns"),
        ("id,name\nx,\n", 2, "name: Field required"),
        ('id,name\nx,"X\n', 2, "is no CSV"),
        ("id,name,zone\nx,X,Mars\n", 2, "zone: there is no time zone"),
        ("id,name,plan,plan_until\nx,X,p,31.12.\n", 2, "plan_until: "),
        ("id,name,plan_until\nx,X,2026-01-01\n", 2, "plan: "),
        ("id,name,contact_mail\nx,X,a@x.example\nx,,nobody\n", 3, "contact_mail: is no mail"),
        ("id,name,contact_name\nx,X,Al\n", 2, "needs a mail address or a phone"),
        ("id,name,contact_phone\nx,X,123\n", 2, "contact_phone: needs its country code"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(file: Path, text: str, line: int, what: str) -> None:
    error = _refused(file, text)
    assert what in error.what
    assert error.where == Place(str(file), line)


def test_all_problems_are_told_together(file: Path) -> None:
    error = _refused(file, "id,name,zone\nx,X,Mars\ny,Y,UTC\nz,Z,Venus\n")
    lines = [each.where.line for each in error.problems if isinstance(each.where, Place)]
    assert lines == [2, 4]


def test_another_charset_is_refused_with_its_line(file: Path) -> None:
    error = _refused(file, "id,name\nx,X\ny,Müller\n".encode("latin-1"))
    assert error.where == Place(str(file), 3)
    assert "UTF-8" in error.do_next


def test_an_empty_file_and_none_at_all_are_refused(file: Path) -> None:
    assert "is empty" in _refused(file, "\n").what
    with pytest.raises(ConfigError, match="can't be read"):
        read_customers(file.with_name("other.csv"))


_cells = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20
).filter(str.strip)


@given(st.dictionaries(_cells.map(str.strip), _cells, min_size=1, max_size=5))
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, names: dict[str, str]
) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows({"id": key, "name": name} for key, name in names.items())
    found = _read(tmp_path_factory.mktemp("csv") / "c.csv", text.getvalue())
    assert {each.id: each.entry.name for each in found} == {k: v.strip() for k, v in names.items()}


def test_a_row_may_be_a_system_of_its_customer(file: Path) -> None:
    head = "id,name,contact_mail,system,system_words,system_plan,system_from,system_until\n"
    (acme,) = _read(
        file,
        head
        + "acme,Acme,pat@acme.example,till-1,front SN-4711,premier,2026-01-01,2026-12-31\n"
        + "acme,,,till-1,,,2027-01-01,\nacme,,,gate,,,,\n",
    )
    first, again, gate = acme.entry.systems
    assert (first.system, first.words, first.plan) == ("till-1", ("front", "SN-4711"), "premier")
    assert (first.valid_from, first.until) == (date(2026, 1, 1), date(2026, 12, 31))
    assert (again.system, again.valid_from) == ("till-1", date(2027, 1, 1))
    assert (gate.system, gate.valid_from, gate.until) == ("gate", None, None)
    assert len(acme.entry.contacts) == 1


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("acme,,gate,2026-13-01", "system_until: "),
        ("acme,,,2026-12-01", "system: Field required"),
    ],
)
def test_what_is_wrong_with_a_system_is_told_in_its_row(file: Path, row: str, what: str) -> None:
    error = _refused(file, f"id,name,system,system_until\nacme,Acme,,\n{row}\n")
    assert error.where == Place(str(file), 3)
    assert what in error.what
