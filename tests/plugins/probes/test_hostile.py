"""Whatever a target says is a reading about the target: nothing of it is taken for a fault of ours."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.probes.conftest import answering, reading
from upheld.plugin import Health
from upheld_probes.http import Http
from upheld_probes.http_answer import Answer, judged
from upheld_probes.reading import now
from upheld_probes.simulator import Target
from upheld_probes.tcp import Tcp
from upheld_probes.verdict import Seen, Settled, of_error, plain

HEADER = st.sampled_from(
    [
        b"Content-Length: 3",
        b"Content-Length: -1",
        b"Transfer-Encoding: chunked",
        b"Content-Encoding: gzip",
        b"Content-Type: text/html; charset=\xff",
        b"Location: \xff\xfe//[",
        b"Location: ../..//a",
        b": no name",
        b"X: \x00",
    ]
)
STATUS = st.sampled_from([b"200 OK", b"302 Found", b"000 x", b"99999", b"204", b"100 a", b"-1"])


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """HTTP, nearly."""
    head = [b"HTTP/1.1 " + draw(STATUS), *draw(st.lists(HEADER, max_size=4))]
    return b"\r\n".join([*head, b"", draw(st.binary(max_size=50))])


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with Target(answering(b"")) as target:
        yield target


@given(answer=st.binary(max_size=200) | answers())
def test_any_answer_is_a_reading_of_the_target(target: Target, answer: bytes) -> None:
    target.serve = answering(answer)
    options: dict[str, Any] = {
        "url": f"http://127.0.0.1:{target.port}/",
        "text": "all is well",
        "values": {"$.a": 1},
        "redirects": "any",
    }
    seen = reading(Http, options)
    assert seen.state is Health.DOWN
    assert seen.detail.isprintable()
    assert len(seen.detail) < 400


@given(said=st.binary(max_size=200))
def test_any_words_are_a_reading_of_the_target(target: Target, said: bytes) -> None:
    async def say(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    target.serve = say
    options = {"host": "127.0.0.1", "port": target.port, "expect": "all is well"}
    seen = reading(Tcp, options)
    assert seen.state is (Health.UP if b"all is well" in said else Health.DOWN)
    assert seen.detail.isprintable()


@given(st.integers(100, 999), st.binary(max_size=100), st.text(max_size=30))
def test_any_answer_is_judged(status: int, body: bytes, kind: str) -> None:
    answer = Answer("acme.example", status, {"content-type": kind, "x-version": kind}, body)
    settings = {"url": "http://acme.example/", "no_text": "x", "version_header": "X-Version"}
    seen = judged(Http.Config.model_validate(settings), answer, now())
    assert (seen.state is Health.UP) <= (200 <= status < 300 and b"x" not in body)
    assert seen.version is None or (seen.version.isprintable() and len(seen.version) <= 80)


@given(st.text(), st.integers(1, 50))
def test_words_of_a_far_end_are_one_harmless_line(text: str, most: int) -> None:
    shown = plain(text, most)
    assert shown.isprintable()
    assert len(shown) <= most


@given(st.sampled_from(sorted(errno.errorcode)))
def test_every_error_of_a_socket_has_its_place(code: int) -> None:
    """What nobody thought of is ours: no case opens because of it."""
    seen = of_error(OSError(code, "x"), "connecting")
    theirs = {"ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT"}
    theirs |= {"EHOSTUNREACH", "EHOSTDOWN"}
    assert (seen.state is Health.DOWN) is (errno.errorcode[code] in theirs)
    assert seen.detail.endswith("(connecting)")


def test_a_fault_of_the_probe_is_our_own() -> None:
    seen = of_error(KeyError("canary"), "judging")
    assert seen == Seen(Health.INCONCLUSIVE, "the probe failed with KeyError (judging)")
    assert of_error(Settled(seen), "x") is seen
