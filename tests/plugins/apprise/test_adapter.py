"""Other channels, by name or by URL: what goes out, what comes of it, and that no secret is told."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from tests.plugins.apprise.conftest import MESSAGE, NOON, OPS, connected
from upheld.plugin import (
    Ability,
    Address,
    Attachment,
    Channel,
    Delivery,
    Level,
    Permanent,
    PluginError,
    Receipt,
    Retry,
    Unknown,
    Urgency,
)
from upheld.testing import ScratchContext
from upheld_apprise.adapter import Apprise
from upheld_apprise.config import AppriseConfig
from upheld_apprise.mapping import CUT, refused, written
from upheld_apprise.service import Service
from upheld_apprise.simulator import PASSWORD, HookSimulator, Taken, address

NOBODY = "json://127.0.0.1:1"


def to(value: str) -> Address:
    return Address(Channel.CHAT, value)


# --- out ------------------------------------------------------------------------------------------


def test_a_message(others: Apprise, far: HookSimulator) -> None:
    receipt = others.send(replace(MESSAGE, url="https://desk.example/1042"), OPS, "page-7")
    # Accepted, and never more: nothing comes back.
    assert receipt == Receipt("page-7", None, Delivery.ACCEPTED, NOON, detail="JSON")
    text = "Since noon.\nhttps://desk.example/1042"
    assert far.taken == [Taken("ops", "Sev 1 1042 Acme: mail is down", text, "failure")]


def test_what_is_not_urgent_says_so(others: Apprise, far: HookSimulator) -> None:
    others.send(replace(MESSAGE, urgency=Urgency.LOW), OPS, "note-7")
    assert far.taken[0].kind == "info"


def test_files_are_named(others: Apprise, far: HookSimulator) -> None:
    file = Attachment("", "log.txt", "text/plain", 1, lambda: BytesIO(b"x"))
    others.send(replace(MESSAGE, attachments=(file,)), OPS, "page-7")
    assert far.taken[0].text.endswith("Files: log.txt")


def test_a_url_without_a_secret_is_an_address(others: Apprise, far: HookSimulator) -> None:
    url = f"{far.url.replace('http', 'json')}/anybody"
    assert others.send(MESSAGE, to(url), "page-7").state is Delivery.ACCEPTED
    assert far.taken[0].to == "anybody"


def test_a_url_with_a_secret_is_no_address(others: Apprise, far: HookSimulator) -> None:
    """Addresses stand in the ledger and in lists, as they are."""
    with pytest.raises(Permanent, match="holds a secret of JSON") as raised:
        others.send(MESSAGE, to(address(far.url, "x")), "page-7")
    assert "under `urls`" in raised.value.do_next
    assert PASSWORD not in str(raised.value)
    assert far.taken == []


@pytest.mark.parametrize("value", ["", "nobody", "Ops", "ops "])
def test_a_name_that_stands_nowhere(others: Apprise, far: HookSimulator, value: str) -> None:
    with pytest.raises(Permanent, match="under `urls`"):
        others.send(MESSAGE, to(value), "page-7")
    assert far.taken == []


@pytest.mark.parametrize("url", ["nonsense://x", "://", "slack://", "https://somewhere.example"])
def test_a_url_of_nothing(others: Apprise, url: str) -> None:
    with pytest.raises(Permanent, match="no URL that Apprise can use"):
        others.send(MESSAGE, to(url), "page-7")


def test_what_is_over_is_not_sent(others: Apprise, far: HookSimulator) -> None:
    for until in (NOON, NOON - timedelta(seconds=1)):
        with pytest.raises(Permanent, match="its time was over"):
            others.send(replace(MESSAGE, valid_until=until), OPS, "page-7")
    assert far.taken == []


def test_it_is_chat_alone(others: Apprise) -> None:
    with pytest.raises(Permanent, match="no sms"):
        others.send(MESSAGE, Address(Channel.SMS, "+12025550101"), "page-7")


# --- what comes of it -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Permanent),
        (401, Permanent),  # of this place: the others go on
        (403, Permanent),
        (404, Permanent),
        (302, Permanent),  # not followed: it would carry the message elsewhere
        (429, Retry),
        (408, Unknown),
        (500, Unknown),
        (503, Unknown),
    ],
)
def test_every_failure_has_its_class(
    others: Apprise, far: HookSimulator, status: int, error: type[PluginError]
) -> None:
    far.status = status
    with pytest.raises(error, match=f"'ops' answered {status}") as raised:
        others.send(MESSAGE, OPS, "page-7")
    assert raised.type is error
    assert raised.value.do_next
    assert far.taken == []


def test_a_place_that_refuses_us_stops_no_other(
    context: ScratchContext, far: HookSimulator
) -> None:
    others = connected(context, bad=NOBODY, ops=address(far.url, "ops"))
    with pytest.raises(Unknown):
        others.send(MESSAGE, to("bad"), "page-7")
    assert others.send(MESSAGE, OPS, "page-8").state is Delivery.ACCEPTED


def test_an_answer_that_never_comes(context: ScratchContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"json://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unknown, match="gave no answer"):
            connected(context, timeout=0.2, ops=url).send(MESSAGE, OPS, "page-7")


def test_nothing_is_tried_over_and_over(context: ScratchContext, far: HookSimulator) -> None:
    """Whatever the URL asks for: repeats are the core's."""
    far.status = 500
    others = connected(context, ops=address(far.url, "ops", "?retry=5&wait=0.01&redirect=yes"))
    with pytest.raises(Unknown):
        others.send(MESSAGE, OPS, "page-7")
    far.status = 200
    others.send(MESSAGE, OPS, "page-8")
    assert len(far.taken) == 1


def test_two_at_once_do_not_take_each_others_errors(
    context: ScratchContext, far: HookSimulator
) -> None:
    with HookSimulator() as broken:
        broken.status = 404
        others = connected(context, ops=address(far.url, "ops"), bad=address(broken.url, "bad"))

        def send(number: int) -> str:
            try:
                return others.send(MESSAGE, to("bad" if number % 2 else "ops"), "k").state.value
            except PluginError as error:
                return error.what

        with ThreadPoolExecutor(4) as pool:
            came = list(pool.map(send, range(20)))
    assert came == ["accepted", "'bad' answered 404"] * 10


@given(st.one_of(st.none(), st.integers(300, 599)))
def test_every_status_is_one_of_our_errors(status: int | None) -> None:
    error = refused("'ops'", status)
    assert isinstance(error, Permanent | Retry | Unknown)
    assert error.do_next


# --- text -----------------------------------------------------------------------------------------


@given(st.text(), st.text(), st.integers(0, 200), st.integers(1, 500))
def test_it_always_goes_into_the_room_that_there_is(
    subject: str, text: str, title: int, body: int
) -> None:
    message = replace(MESSAGE, subject=subject, text=text)
    got = written(message, (title, body))
    assert (len(got[0]) <= title, len(got[1]) <= body) == (True, True)
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set("".join(got))


def test_a_place_without_titles_has_all_in_the_body() -> None:
    assert written(MESSAGE, (0, 160)) == ("", "Sev 1 1042 Acme: mail is down\nSince noon.")


def test_what_is_cut_says_so() -> None:
    assert written(replace(MESSAGE, text="x" * 300), (100, 160))[1] == "x" * 159 + CUT


# --- secrets --------------------------------------------------------------------------------------


def test_a_secret_is_in_no_error_no_finding_and_no_log(
    others: Apprise, far: HookSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = [repr(others), repr(others.config), str(others.config.urls), repr(list(others.check()))]
    for status in (302, 400, 401, 429, 500, 200):
        far.status = status
        try:
            others.send(MESSAGE, OPS, "page-7")
        except PluginError as error:
            shown += [repr(error), *traceback.format_exception(error)]
    assert PASSWORD not in "".join((*shown, caplog.text))


class Heard(logging.Handler):
    """What comes to the log of the whole program."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.names.append(record.name)


def test_what_apprise_logs_goes_nowhere_else(others: Apprise, far: HookSimulator) -> None:
    far.status, heard, apprise = 500, Heard(), logging.getLogger("apprise")
    before = list(apprise.handlers)
    logging.getLogger().addHandler(heard)
    try:
        with pytest.raises(Unknown):
            others.send(MESSAGE, OPS, "page-7")
    finally:
        logging.getLogger().removeHandler(heard)
    assert [name for name in heard.names if name.startswith("apprise")] == []
    assert apprise.handlers == before


def test_a_wrong_setting_is_told_without_its_value() -> None:
    with pytest.raises(ValidationError) as raised:
        AppriseConfig(urls={f"json://x:{PASSWORD}@y": SecretStr("json://x")})
    assert PASSWORD not in str(raised.value)


# --- check ----------------------------------------------------------------------------------------


def test_check_sends_nothing_and_says_what_it_can_not_know(
    others: Apprise, far: HookSimulator
) -> None:
    assert [each.level for each in others.check()] == [Level.OK, Level.WARNING]
    assert far.taken == []


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("nonsense://x", "'ops' is no URL that Apprise can use"),
        ("slack://", "'ops' is no URL that Apprise can use"),
        ("jsons://desk.example/?verify=no", "'ops' verifies no certificate"),
    ],
)
def test_check_tells_what_is_wrong(context: ScratchContext, url: str, what: str) -> None:
    (error, _) = connected(context, ops=url).check()
    assert (error.level, error.what) == (Level.ERROR, what)
    assert error.do_next


@pytest.mark.parametrize(
    ("url", "kind", "is_open"),
    [
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops", "Slack", False),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "Telegram", False),
        ("ntfy://our-topic", "ntfy", True),
        ("jsons://desk.example/hook", "JSON", True),
    ],
)
def test_what_holds_a_secret_is_known(url: str, kind: str, is_open: bool) -> None:
    service = Service.of(url, 5)
    assert service is not None
    assert (service.kind, service.open_) == (kind, is_open)


def test_what_it_declares_is_what_it_does() -> None:
    assert Apprise.channels == {Channel.CHAT}
    assert Apprise.abilities == frozenset[Ability]()


def test_apprise_is_not_loaded_before_it_is_needed() -> None:
    code = "import upheld_apprise.adapter, sys; print('apprise' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
