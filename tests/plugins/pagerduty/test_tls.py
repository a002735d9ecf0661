"""What is certain of a page over TLS: whom it reached, and what a cut line means."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
import requests
import responses

from tests.plugins.email.scripted import LOOPBACK
from tests.plugins.pagerduty.conftest import connected
from tests.plugins.pagerduty.test_adapter import CANARY, ENQUEUE, send
from upheld.plugin import Misconfigured, PluginError, Retry, Unknown
from upheld.testing import ScratchContext


@contextmanager
def encrypted(after: Callable[[ssl.SSLSocket], None]) -> Iterator[str]:
    """A server with a certificate that nobody knows; what it does with one connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(LOOPBACK)

    def serve() -> None:
        sock, _ = listening.accept()
        with suppress(OSError), sock, context.wrap_socket(sock, server_side=True) as secured:
            after(secured)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(5)


def test_a_certificate_of_an_unknown_authority_gets_no_page(context: ScratchContext) -> None:
    heard: list[bytes] = []
    with encrypted(lambda line: heard.append(line.recv(1))) as url:
        pager = connected(context, url, CANARY)
        with pytest.raises(Misconfigured, match="could not be verified"):
            send(pager)
    assert heard == []


def test_a_line_that_is_cut_within_tls_may_have_carried_the_page(context: ScratchContext) -> None:
    """OpenSSL 3 tells of it as an error of TLS; the page must not be given up for that."""

    def cut(line: ssl.SSLSocket) -> None:
        line.recv(65536)
        socket.socket(fileno=line.detach()).close()  # no goodbye of TLS

    with encrypted(cut) as url:
        pager = connected(context, url, CANARY)
        pager._connected()._session.verify = str(LOOPBACK)
        with pytest.raises(Unknown, match="did not answer"):
            send(pager)


@responses.activate
@pytest.mark.parametrize(
    ("lost", "error"),
    [
        (requests.exceptions.SSLError(ssl.SSLEOFError(8, "EOF")), Unknown),
        (requests.exceptions.ContentDecodingError("gzip"), Unknown),
        (requests.exceptions.InvalidHeader("x"), Retry),
    ],
)
def test_what_is_known_of_a_page_whose_answer_was_lost(
    context: ScratchContext, lost: requests.RequestException, error: type[PluginError]
) -> None:
    responses.post(ENQUEUE, body=lost)
    with pytest.raises(error):
        send(connected(context, "https://events.pagerduty.com", CANARY))
