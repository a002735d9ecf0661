"""Products with the days on which their support ends, outcomes and kinds: as data, and as written."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.policy.written import HEAD, refused, told
from upheld.policy import Policy, load_policy
from upheld.policy.catalogue import (
    Clocks,
    OnReturn,
    Outcome,
    Product,
    Release,
    Standing,
    product_of,
    recognised,
    standing,
)
from upheld.policy.model import Condition, Test

SHIELD = Product(
    "shield",
    "Acme Shield",
    ("shield", "acme shield"),
    releases=(Release("2.0", until=date(2026, 6, 30)), Release("3.0"), Release("4.0", beta=True)),
)
OLD = Product("relay", "Relay", ("relay",), until=date(2025, 12, 31))
NEXT = Product("cloud", "Cloud", ("cloud",), beta=True)
PRODUCTS = {each.id: each for each in (SHIELD, OLD, NEXT)}
DAY = date(2026, 3, 2)


def head(text: str) -> str:
    """A policy with this in its head."""
    return f"{text}\n{HEAD}  - {{id: C-1, says: We do., statement: true}}\n"


def loaded(text: str) -> Policy:
    return load_policy(head(text))


# --- standing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("product", "version", "day", "stands"),
    [
        ("shield", "3.0", DAY, Standing.SUPPORTED),
        ("shield", "4.0", DAY, Standing.BETA),
        ("shield", "2.0", date(2026, 6, 30), Standing.SUPPORTED),  # the last day is one of support
        ("shield", "2.0", date(2026, 7, 1), Standing.DISCONTINUED),
        ("shield", "9.9", DAY, Standing.UNLISTED),
        ("shield", None, DAY, Standing.SUPPORTED),
        (
            "ACME shield",
            "2.0.7",
            date(2026, 7, 1),
            Standing.DISCONTINUED,
        ),  # by name, a patch of 2.0
        ("relay", "1.1", date(2025, 12, 31), Standing.SUPPORTED),
        ("relay", None, date(2026, 1, 1), Standing.DISCONTINUED),
        ("cloud", None, DAY, Standing.BETA),
        ("toaster", "1", DAY, Standing.UNLISTED),
        (None, "3.0", DAY, None),
    ],
)
def test_a_product_stands_as_the_list_says_on_that_day(
    product: str | None, version: str | None, day: date, stands: Standing | None
) -> None:
    assert standing(PRODUCTS, product, version, day) == stands


@given(st.dates(), st.dates())
def test_the_day_after_the_end_differs_from_the_day_before_and_no_other_does(
    end: date, day: date
) -> None:
    products = {"p": Product("p", "P", until=end)}
    expected = Standing.DISCONTINUED if day > end else Standing.SUPPORTED
    assert standing(products, "p", None, day) == expected


def test_a_version_belongs_to_the_nearest_release_that_is_listed() -> None:
    product = Product("p", "P", releases=(Release("3"), Release("3.1")))
    assert product.release("3.1.4") == Release("3.1")
    assert product.release("3.2") == Release("3")
    assert product.release("31") is None
    assert product.release(None) is None


def test_products_go_by_name_or_id() -> None:
    assert product_of(PRODUCTS, "Acme SHIELD") is SHIELD
    assert product_of(PRODUCTS, "shiel") is None
    assert product_of(PRODUCTS, None) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Our Shield 3.0 hangs", ("shield", "3.0")),
        ("SHIELD v2.0.7 is slow.", ("shield", "2.0.7")),
        ("Shield (version 4.0).", ("shield", "4.0")),
        ("the shield hangs since 9.0", ("shield", None)),  # no version of it
        ("Shield 13.0", ("shield", None)),
        ("After the upgrade of shield from 2.0 to 3.0", ("shield", None)),  # which of them?
        ("Shield and Relay both hang", (None, None)),
        ("windshield wiper", (None, None)),
        ("> Shield 3.0 hangs\n\nsame here", (None, None)),
    ],
)
def test_a_text_names_a_product_where_it_is_plain_which(
    text: str, found: tuple[str | None, str | None]
) -> None:
    assert recognised(PRODUCTS, text) == found


# --- as written -----------------------------------------------------------------------------------


def test_every_key_of_a_product_is_read() -> None:
    policy = loaded(
        "zone: America/New_York\nproducts:\n"
        "  shield: {name: Acme Shield, words: [shield], until: 2027-01-31, beta: true,\n"
        '    versions: {"2.0": {until: 2026-06-30}, "3.0": , "4.0": {beta: true}}}\n'
        '  relay: {versions: ["1.0", 2]}\n'
        "  cloud:\n"
    )
    assert policy.zone == "America/New_York"
    assert policy.products == {
        "shield": Product(
            "shield", "Acme Shield", ("shield",), date(2027, 1, 31), beta=True, releases=SHIELD.releases
        ),
        "relay": Product("relay", "relay", ("relay",), releases=(Release("1.0"), Release("2"))),
        "cloud": Product("cloud", "cloud", ("cloud",)),
    }  # fmt: skip


def test_a_product_is_called_by_its_name_and_its_key() -> None:
    assert loaded("products: {shield: {name: Acme Shield}}").products["shield"].words == (
        "Acme Shield",
        "shield",
    )


def test_every_key_of_an_outcome_is_read() -> None:
    policy = loaded(
        "outcomes:\n  altered: {means: It was altered., clocks: stop, on_return: new_cycle, text: Undo it.}\n"
        "  best_effort: {means: We try.}\n  wish:\nkinds: {usage: A question of use.}"
    )
    assert policy.outcomes == {
        "altered": Outcome(
            "altered", "It was altered.", Clocks.STOP, OnReturn.NEW_CYCLE, "Undo it."
        ),
        "best_effort": Outcome("best_effort", "We try."),
        "wish": Outcome("wish"),
    }
    assert policy.outcomes["wish"].clocks is Clocks.RUN
    assert policy.kinds == {"usage": "A question of use."}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("zone: Europe/Pragg", "zone: there is no time zone 'Europe/Pragg' → did you mean 'Europe/Prague'?"),
        ("products: {beta: {}}", "products.beta: 'beta' is a standing, not a product → call it otherwise"),
        ("products: {p: {until: soon}}",
         "products.p.until: is no day → write `2026-12-31`, the last day of support"),
        ("products: {p: {beta: maybe}}", "products.p.beta: is neither `true` nor `false`"),
        ("products: {p: {versions: {'3.0': {end: x}}}}",
         "products.p.versions.3.0.end: there is no such key → one of: beta, until"),
        ("products: {p: {words: '!?'}}",
         "products.p.words: has neither letters nor digits → write words that customers use"),
        ("outcomes: {none: {}}", "outcomes.none: `none` is no outcome: it says that there is none"),
        ("outcomes: {wish: {clocks: halt}}", "outcomes.wish.clocks: 'halt' is not known → one of: run, stop"),
        ("outcomes: {wish: {on_return: restart}}",
         "outcomes.wish.on_return: 'restart' is not known → one of: continue, new_cycle"),
        ("kinds: {usage: }", "kinds.usage: is empty → give it a value, or leave it out"),
    ],
)  # fmt: skip
def test_a_slip_is_told_at_its_key(text: str, problem: str) -> None:
    (found,) = told(refused(head(text)))
    assert found.partition(" ")[2] == problem


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("{product: toaster}", "product: there is no product 'toaster'"),
        ("{kind: useage}", "kind: there is no kind 'useage' → did you mean \"usage\"?"),
        ("{outcome: wihs}", "outcome: there is no outcome 'wihs' → did you mean \"wish\"?"),
    ],
)
def test_a_condition_names_what_is_listed(condition: str, problem: str) -> None:
    lists = "products: {shield: }\nkinds: {usage: Use}\noutcomes: {wish: }\n"
    rule = f"  - {{id: C-1, says: We do., when: {condition}, do: [page: lead]}}\n"
    (found,) = told(refused(lists + HEAD + rule))
    assert problem in found


@pytest.mark.parametrize(
    ("text", "key"), [("for: {severity: 1}", "severity"), ("for: closed", "is")]
)
def test_a_policy_asks_only_for_what_is_known_before_there_is_one(text: str, key: str) -> None:
    (found,) = told(refused(head(text)))
    assert f"for: {key!r} is not known before a case is opened → ask for product, plan" in found


def test_a_policy_says_which_cases_it_is_for() -> None:
    found = loaded("for: {product: beta, field: {Component: Gear}}\nproducts: {shield: }").applies
    assert found == Condition((Test("product", ("beta",)), Test("field.Component", ("Gear",))))
    assert loaded("zone: UTC").applies == Condition()


@pytest.mark.parametrize("word", [*Standing, "shield"])
def test_a_condition_asks_for_a_product_or_for_how_it_stands(word: str) -> None:
    rule = f"  - {{id: C-1, says: We do., when: {{product: {word}}}, do: [page: lead]}}\n"
    assert load_policy(f"products: {{shield: }}\n{HEAD}{rule}").clauses
