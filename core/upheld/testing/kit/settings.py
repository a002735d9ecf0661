"""A: configuration and secrets, of every kind of connection."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from unittest.mock import patch

import pytest
from pydantic import ValidationError

from upheld.plugin import Connection, Level
from upheld.testing.context import ScratchContext
from upheld.testing.kit.contract import Connect, Contract, exempted, raised
from upheld.testing.kit.far_end import FarEnd, Fault
from upheld.testing.kit.grade import shows

IMPORTED: Final = """
import socket, sys
def refuse(*_, **__): raise SystemExit("the import reaches out")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
__import__(sys.argv[1])
"""


class Settings(Contract):
    """What a person writes into upheld.yaml, and what becomes of the secrets in it."""

    @shows("A1-config")
    def test_an_unknown_setting_is_named(self, options: Mapping[str, object]) -> None:
        with pytest.raises(ValidationError) as caught:
            self.configured({**options, "no_such_setting": 1})
        assert "no_such_setting" in str(caught.value)

    @shows("A1-config")
    def test_a_missing_setting_is_named(self, options: Mapping[str, object]) -> None:
        needed = [name for name in options if self._required(name)]
        for name in needed:
            with pytest.raises(ValidationError) as caught:
                self.configured({key: value for key, value in options.items() if key != name})
            assert name in str(caught.value)

    @shows("A1-config")
    def test_every_setting_is_described(self) -> None:
        fields = self.plugin.Config.model_json_schema().get("properties", {})
        assert [name for name, told in fields.items() if not told.get("description")] == []

    @shows("A2-secrets")
    def test_a_secret_is_never_shown(
        self,
        options: Mapping[str, object],
        connect: Connect,
        remote: FarEnd,
        context: ScratchContext,
    ) -> None:
        secrets = self.secrets(options)
        if not secrets:
            exempted("its settings hold no secret")
        connection = connect()
        shown = [repr(connection), str(connection), repr(connection.config)]
        shown += [str(connection.config), *self._told(connection, remote)]
        shown.append(repr(context.record.lines))
        assert [text for text in shown for secret in secrets if secret in text] == []

    @shows("A2-secrets")
    def test_a_wrong_setting_is_told_without_its_value(self, options: Mapping[str, object]) -> None:
        with pytest.raises(ValidationError) as caught:
            self.configured({**options, "no_such_setting": "canary-c0ffee"})
        assert "canary-c0ffee" not in str(caught.value)

    @shows("A3-transport")
    def test_plain_http_is_for_this_machine_alone(self, options: Mapping[str, object]) -> None:
        urls = [name for name, value in options.items() if str(value).startswith("http://127.")]
        if not urls:
            exempted("its settings hold no http URL")
        for name in urls:
            with pytest.raises(ValidationError):
                self.configured({**options, name: "http://desk.example/"})

    @shows("A3-transport")
    def test_a_redirect_carries_no_credentials(self, connect: Connect, remote: FarEnd) -> None:
        self.meet(remote, Fault.REDIRECT)
        remote.inject(Fault.REDIRECT)
        raised(lambda: self.touch(connect()))
        assert [call for call in remote.calls() if call.what.startswith("elsewhere")] == []

    @shows("A4-check")
    def test_check_is_content_and_changes_nothing(self, connect: Connect, remote: FarEnd) -> None:
        findings = list(connect().check())
        assert findings
        assert [each for each in findings if each.level is Level.ERROR] == []
        assert [call for call in remote.calls() if call.writes] == []

    @shows("A4-check")
    def test_check_tells_what_is_wrong(self, connect: Connect, remote: FarEnd) -> None:
        self.meet(remote, "broken")
        told = {why: self._refusals(connect(**changed)) for why, changed in remote.broken().items()}
        assert told, "`broken` names no option that can be wrong"
        assert [why for why, texts in told.items() if not texts] == []
        assert len(set(map(tuple, told.values()))) == len(told), f"not told apart: {told}"

    @shows("A4-check")
    @pytest.mark.parametrize("fault", [Fault.REVOKED, Fault.GUEST])
    def test_check_sees_who_we_are_to_the_far_end(
        self, connect: Connect, remote: FarEnd, fault: Fault
    ) -> None:
        self.meet(remote, fault)
        remote.inject(fault)
        assert self._refusals(connect())

    @shows("A5-no-io")
    def test_construction_reaches_nothing(
        self, options: Mapping[str, object], remote: FarEnd, context: ScratchContext
    ) -> None:
        with patch("socket.socket.connect", side_effect=AssertionError("it reaches out")):
            self.plugin(self.configured(options), context)
        assert remote.calls() == ()

    @shows("A5-no-io")
    def test_the_import_reaches_nothing(self) -> None:
        command = [sys.executable, "-c", IMPORTED, self.plugin.__module__]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stderr

    # --- what the kinds tell ---

    def touch(self, connection: Any) -> object:
        """The simplest call that reaches the far end."""
        return list(connection.check())

    def attempts(self, connection: Any, remote: Any) -> Iterator[Callable[[], object]]:
        """Calls that reach the far end, reading and writing."""
        yield lambda: self.touch(connection)

    def _told(self, connection: Connection[Any], remote: FarEnd) -> Iterator[str]:
        """What errors and findings say while everything goes wrong."""
        for fault in (Fault.REVOKED, Fault.RESET, Fault.HTML, Fault.BROKEN, Fault.TRUNCATED):
            if fault.name in remote.lacks:
                continue
            for attempt in self.attempts(connection, remote):
                remote.inject(fault)
                error = raised(attempt)
                remote.heal()
                if error is not None:
                    yield f"{error!r} {error} {error.what} {error.do_next} {error.__cause__!r}"
        yield repr(list(connection.check()))

    def _required(self, name: str) -> bool:
        field = self.plugin.Config.model_fields.get(name)
        return field is not None and field.is_required()

    def _refusals(self, connection: Connection[Any]) -> list[str]:
        """What `check` finds wrong, found or raised."""
        found: list[str] = []

        def look() -> None:
            errors = (each for each in connection.check() if each.level is Level.ERROR)
            found.extend(each.what for each in errors)

        error = raised(look)
        return found if error is None else [*found, error.what]
