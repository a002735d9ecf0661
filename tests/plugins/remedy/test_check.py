"""What `check` tells of forms and fields, and how a form is described."""

from __future__ import annotations

import pytest

from upheld.plugin import (
    Misconfigured,
)
from upheld_remedy.adapter import Remedy

from .conftest import Connect


def test_check_names_the_field_and_the_nearest_one(connect: Connect) -> None:
    found = list(connect(fields={"title": "Descripton"}).check())
    errors = [each for each in found if each.level == "error"]
    assert {each.what for each in errors} == {
        f"the form {form} has no field 'Descripton'"
        for form in ("HPD:Help Desk", "HPD:IncidentInterface", "HPD:IncidentInterface_Create")
    }
    assert "did you mean 'Description'?" in errors[0].do_next


def test_check_warns_of_what_is_required_and_never_sent(connect: Connect) -> None:
    found = list(
        connect(
            create={"Reported Source": "Web"}, fields={"impact": "Categorization Tier 1"}
        ).check()
    )
    assert any("requires 'Impact'" in each.what for each in found if each.level == "warning")


def test_check_says_that_it_sees_nothing(connect: Connect) -> None:
    told = [each.what for each in connect().check()]
    assert "upheld sees no incident" in told


def test_a_form_is_described(remedy: Remedy) -> None:
    fields = {each["name"]: each for each in remedy.describe("HPD:IncidentInterface_Create")}
    assert fields["Description"] == {
        "name": "Description",
        "id": "8",
        "type": "CHAR",
        "option": "REQUIRED",
    }
    with pytest.raises(Misconfigured, match="303"):
        list(remedy.describe("HPD:Nothing"))
