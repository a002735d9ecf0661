"""What the core lends to a connection, and what it keeps it from."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests
import responses

from upheld.context import ConnectionContext, Vault, http_session
from upheld.ledger import Ledger
from upheld.testing import RecordingLog, SteppedClock

NOON = 1_800_000_000_000_000
API, ELSEWHERE = "https://api.example", "https://elsewhere.example"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path_factory.mktemp('context') / 'ledger.db'}"
    Ledger.create(url)
    with Ledger.open(url, site="test") as opened:
        yield opened


@pytest.fixture
def vault(ledger: Ledger) -> Vault:
    vault = Vault(ledger, "mailbox")
    vault.clear()
    return vault


@pytest.fixture
def context(vault: Vault, tmp_path: Path) -> ConnectionContext:
    return ConnectionContext(
        name="mailbox",
        site="test",
        public_url=None,
        folder=tmp_path,
        log=RecordingLog(),
        vault=vault,
        clock=SteppedClock(NOON),
    )


# --- the vault --------------------------------------------------------------------------------------


def test_a_vault_is_a_mapping_that_outlives_the_process(ledger: Ledger, vault: Vault) -> None:
    vault["refresh"] = "one"
    vault["refresh"] = "two"
    vault["webhook"] = "three"
    again = Vault(ledger, "mailbox")
    assert dict(again) == {"refresh": "two", "webhook": "three"}
    assert (len(again), "refresh" in again, again.get("nothing")) == (2, True, None)


def test_what_is_not_there_is_a_key_error(vault: Vault) -> None:
    with pytest.raises(KeyError, match="gone"):
        vault["gone"]
    with pytest.raises(KeyError, match="gone"):
        del vault["gone"]


def test_what_is_deleted_is_gone(vault: Vault) -> None:
    vault["refresh"] = "one"
    del vault["refresh"]
    assert list(vault) == []


def test_connections_do_not_see_each_others_secrets(ledger: Ledger, vault: Vault) -> None:
    vault["refresh"] = "one"
    other = Vault(ledger, "pager")
    assert list(other) == []
    other["refresh"] = "other"
    assert vault["refresh"] == "one"
    other.clear()


def test_nothing_shows_what_is_in_it(vault: Vault, context: ConnectionContext) -> None:
    vault["refresh"] = "hunter2"
    shown = f"{vault!r} {vault} {vault.items()!r} {vault.values()!r} {context!r} {context.__dict__}"
    assert "hunter2" not in shown


# --- the context ------------------------------------------------------------------------------------


def test_a_context_tells_policy_time(context: ConnectionContext) -> None:
    assert context.now().isoformat() == "2027-01-15T08:00:00+00:00"


def test_a_context_has_a_folder_of_its_own(context: ConnectionContext, tmp_path: Path) -> None:
    assert context.folder == str(tmp_path)


# --- the way out ------------------------------------------------------------------------------------


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def settings(response: requests.Response) -> dict[str, object]:
    found: dict[str, object] = response.request.req_kwargs  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head", "options"])
def test_every_request_has_a_timeout_and_verified_tls(
    web: responses.RequestsMock,
    context: ConnectionContext,
    method: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    web.add(method.upper(), API)
    asked = settings(getattr(context.http(), method)(API))
    assert (asked["timeout"], asked["verify"]) == ((10.0, 20.0), True)


def test_the_ca_bundle_of_a_company_is_heeded(
    web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bundle = str(tmp_path / "company.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    web.get(API)
    assert settings(http_session().get(API))["verify"] == bundle


def test_a_caller_may_be_more_impatient_but_not_without_end(web: responses.RequestsMock) -> None:
    web.get(API)
    assert settings(http_session().get(API, timeout=3))["timeout"] == 3
    assert settings(http_session().get(API, timeout=None))["timeout"] == (10.0, 20.0)
    prepared = requests.Request("GET", API).prepare()
    assert settings(http_session().send(prepared))["timeout"] == (10.0, 20.0)


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "head", "options"])
def test_no_redirect_is_followed_by_itself(web: responses.RequestsMock, method: str) -> None:
    web.add(method.upper(), API, status=302, headers={"Location": f"{API}/v2"})
    web.get(f"{API}/v2", body="there")
    assert getattr(http_session(), method)(API).status_code == 302
    assert len(web.calls) == 1


def test_nor_is_one_of_a_prepared_request(web: responses.RequestsMock) -> None:
    web.get(API, status=302, headers={"Location": f"{API}/v2"})
    prepared = requests.Request("GET", API).prepare()
    assert http_session().send(prepared).status_code == 302


def test_one_that_is_asked_for_is_followed_on_the_same_host(web: responses.RequestsMock) -> None:
    web.get(API, status=302, headers={"Location": "/v2"})
    web.get(f"{API}/v2", body="there")
    session = http_session()
    session.headers["X-Api-Key"] = "hunter2"
    assert session.get(API, allow_redirects=True).text == "there"
    assert web.calls[1].request.headers["X-Api-Key"] == "hunter2"


@pytest.mark.parametrize(
    "target", [ELSEWHERE, "//elsewhere.example/v2", "http://api.example", f"{API}:8443/"]
)
def test_no_credentials_go_to_another_host_whoever_asks(
    web: responses.RequestsMock, target: str
) -> None:
    web.get(API, status=302, headers={"Location": target})
    session = http_session()
    session.headers.update({"X-Api-Key": "hunter2", "Authorization": "Bearer hunter2"})
    answer = session.get(API, allow_redirects=True)
    assert (answer.status_code, answer.headers["Location"]) == (302, target)
    assert len(web.calls) == 1


def test_the_machines_netrc_signs_nobody_in(
    web: responses.RequestsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine api.example login ann password hunter2\n")
    monkeypatch.setenv("NETRC", str(file))
    web.get(API)
    assert requests.get(API, timeout=1).request.headers["Authorization"], "it would be read"
    session = http_session()
    assert "Authorization" not in session.get(API).request.headers
    session.headers["Authorization"] = "Bearer ours"
    assert session.get(API).request.headers["Authorization"] == "Bearer ours"


def test_a_connection_signs_in_as_it_says(web: responses.RequestsMock) -> None:
    web.get(API)
    once = http_session().get(API, auth=("ann", "hunter2")).request.headers["Authorization"]
    session = http_session()
    session.auth = ("ann", "hunter2")
    assert session.get(API).request.headers["Authorization"] == once
    assert base64.b64decode(str(once).removeprefix("Basic ")) == b"ann:hunter2"


def test_nothing_shows_what_a_session_signs_in_with() -> None:
    session = http_session()
    session.auth, session.headers["X-Api-Key"] = ("ann", "hunter2"), "hunter2"
    assert "hunter2" not in repr(session)


# --- over a real socket -----------------------------------------------------------------------------


class _Far(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", "http://127.0.0.1:9/never")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def test_over_a_real_socket_no_redirect_is_followed_either() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Far) as server, http_session() as session:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            answer = session.get(f"http://127.0.0.1:{server.server_port}/")
        finally:
            server.shutdown()
            thread.join()
    assert answer.status_code == 302
