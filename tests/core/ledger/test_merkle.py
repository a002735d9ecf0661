"""The tree of RFC 6962: its own definition, and that a path proves its leaf and no other."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import assume, given
from hypothesis import strategies as st

from upheld.ledger.merkle import climb, head_hash, leaf_hash, levels, node_hash, path_of, root_of

HASH = st.binary(min_size=32, max_size=32)
HASHES = st.integers(1, 40).map(lambda many: [sha256(bytes([n])).digest() for n in range(many)])


def defined(hashes: list[bytes]) -> bytes:
    """Section 2.1: split at the largest power of two that is smaller than how many there are."""
    if len(hashes) == 1:
        return hashes[0]
    middle = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(defined(hashes[:middle]), defined(hashes[middle:]))


@given(hashes=HASHES)
def test_the_root_is_the_one_that_the_rfc_defines(hashes: list[bytes]) -> None:
    assert root_of(hashes) == defined(hashes)


@given(hashes=HASHES, data=st.data())
def test_every_leaf_has_a_path_to_the_root(hashes: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(hashes) - 1))
    path = path_of(levels(hashes), place)
    assert climb(hashes[place], place, len(hashes), path) == root_of(hashes)


@given(hashes=HASHES, other=HASH, data=st.data())
def test_no_other_leaf_and_no_other_place_has_it(
    hashes: list[bytes], other: bytes, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(hashes) - 1))
    elsewhere = data.draw(st.integers(0, len(hashes)))
    assume(other not in hashes)
    path = path_of(levels(hashes), place)
    assert climb(other, place, len(hashes), path) != root_of(hashes)
    if elsewhere != place:
        assert climb(hashes[place], elsewhere, len(hashes), path) != root_of(hashes)
    assert climb(hashes[place], place, len(hashes), [*path, other]) is None


def test_a_place_that_is_not_there_has_no_path() -> None:
    hashes = [sha256(bytes([n])).digest() for n in range(6)]
    path = path_of(levels(hashes), 5)
    assert climb(hashes[5], 5, 6, path) == root_of(hashes)
    assert climb(hashes[5], 6, 6, path) is None
    assert climb(hashes[5], -1, 6, path) is None


LEAF = st.tuples(st.text(st.characters(categories=["L", "N"]), max_size=9), st.integers(1), HASH)


@given(one=LEAF, two=LEAF)
def test_no_two_leaves_have_one_hash(
    one: tuple[str, int, bytes], two: tuple[str, int, bytes]
) -> None:
    assert (leaf_hash(*one) == leaf_hash(*two)) == (one == two)


SEAL = st.tuples(HASH, st.integers(1, 99), st.integers(0, 10**16), HASH, st.integers(1, 99))


@given(one=SEAL, two=SEAL)
def test_no_two_seals_have_one_head(
    one: tuple[bytes, int, int, bytes, int], two: tuple[bytes, int, int, bytes, int]
) -> None:
    assert (head_hash(*one) == head_hash(*two)) == (one == two)


def test_a_node_never_passes_for_a_leaf() -> None:
    left, right = b"l" * 32, b"r" * 32
    assert node_hash(left, right) not in {leaf_hash("C1", 1, left), head_hash(left, 1, 1, right, 1)}
