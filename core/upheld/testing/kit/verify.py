"""Runs a plugin's contract and tells its grade.

The contract is found by the plugin's ``conformance``: the name of a module whose classes inherit the
kit's contracts. Its tests run in a pytest of their own, that reads nobody's settings.
"""

from __future__ import annotations

import gc
import os
from collections import defaultdict
from collections.abc import Collection, Generator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from upheld.errors import UpheldError
from upheld.testing.kit.contract import Contract
from upheld.testing.kit.grade import Grade, Kind, Outcome, Shown, graded, outcome, shown_by
from upheld.testing.kit.listed import assertions
from upheld.testing.kit.probe import ProbeContract
from upheld.testing.stage import environment

#: Set while the contract is to run against the real far end.
LIVE_VARIABLE: Final = "UPHELD_LIVE"
CALLS: Final = "calls"
_QUIET: Final = ("-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", "-c", os.devnull)
_SETTINGS: Final = ("--import-mode=importlib", "-W", "error", "--rootdir", os.curdir)
_ENVIRONMENT: Final = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
_LONGEST_REASON: Final = 300


class NotVerified(UpheldError):
    """The contract could not be run at all."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a plugin's contract showed. ``calls`` counts what the far end was asked."""

    plugin: str
    kind: Kind
    live: bool
    shown: tuple[Shown, ...]
    calls: Mapping[str, int]
    log: str = field(default="", repr=False)

    @property
    def grade(self) -> Grade:
        """How far it can be trusted."""
        return graded(self.shown)


def verify(name: str, module: str, *, live: bool = False, only: Collection[str] = ()) -> Verdict:
    """Run the contracts of plugin ``name`` in ``module``; with ``only``, the tests that show these
    assertions. A module may hold the contracts of several plugins: the others are left out."""
    seen, said = _Seen(name, frozenset(only)), StringIO()
    variables = _ENVIRONMENT | ({LIVE_VARIABLE: "1"} if live else {})
    with TemporaryDirectory(prefix="upheld-verify-") as scratch, environment(variables):
        words = [*_QUIET, *_SETTINGS, "--basetemp", f"{scratch}/tests", "--pyargs", module]
        _forget_what_was_there()
        with redirect_stdout(said):
            pytest.main(words, plugins=[seen])
    if seen.contract is None:
        raise NotVerified(
            f"no contract of '{name}' ran from '{module}'\n{said.getvalue().strip()[-2000:]}",
            do_next="it must hold a class Test… that inherits one of the kit's contracts",
        )
    return seen.verdict(name, said.getvalue())


def _forget_what_was_there() -> None:
    """At its end pytest looks ten times for what the tests left behind: what was there before they
    began is not theirs, and takes longer to look through than they run."""
    gc.collect()
    gc.freeze()


class _Seen:
    """A pytest plugin: what came of each test, sorted by the assertions that it shows."""

    def __init__(self, name: str, only: frozenset[str]) -> None:
        self.name, self.only = name, only
        self.contract: type[Contract | ProbeContract] | None = None
        self.tests: dict[str, list[tuple[Outcome, str]]] = defaultdict(list)
        self.calls: dict[str, int] = {}
        self.live: set[bool] = set()

    def verdict(self, name: str, log: str) -> Verdict:
        """All assertions of the kind, each with what came of it."""
        assert self.contract is not None
        kind = self.contract.kind
        shown = tuple(outcome(each, self.tests) for each in assertions(kind))
        return Verdict(name, kind, self.live == {True}, shown, self.calls, log)

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Leave out what was not asked for, and the contracts of the module's other plugins."""
        items[:] = [each for each in items if self._is_ours(each)]
        if self.only:
            items[:] = [each for each in items if self.only & set(shown_by(each.function))]

    def _is_ours(self, item: Any) -> bool:
        plugin = getattr(getattr(item, "cls", None), "plugin", None)
        return plugin is None or plugin.name == self.name

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Keep what came of a test, and of what it needs."""
        report = yield
        self._take(item, report)
        return report

    def _take(self, item: Any, report: Any) -> None:
        contract = getattr(item, "cls", None)
        if contract is None or not issubclass(contract, Contract | ProbeContract):
            return
        self.contract = contract
        remote = item.funcargs.get("remote")
        if remote is not None:
            self.live.add(bool(remote.live))
        for id_ in shown_by(item.function):
            result = _result(report)
            if result is not None:
                self.tests[id_].append(result)
        for name, value in report.user_properties:
            if name == CALLS:
                self.calls.update(value)


def _result(report: Any) -> tuple[Outcome, str] | None:
    """What a phase of a test came to; None where it adds nothing to the phase before."""
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        return Outcome.EXEMPT, reason.removeprefix("Skipped: ")
    if report.failed:
        return Outcome.FAILED, f"{report.nodeid.rpartition('::')[2]}: {_why(report)}"
    return (Outcome.PASSED, "") if report.when == "call" else None


def _why(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    message = str(crash.message if crash is not None else report.longrepr)
    if message == "AssertionError":  # the kit's modules were there before pytest could rewrite them
        asserted = [line for line in report.longreprtext.splitlines() if "assert " in line]
        message = asserted[-1] if asserted else message
    return " ".join(message.split())[:_LONGEST_REASON]
