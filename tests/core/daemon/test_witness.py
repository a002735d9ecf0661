"""Once a day a customer gets the head of the newest seal, and can hold us to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from upheld.plugin import Retry
from upheld.report.witness import read, verify
from upheld.testing.stage import SITE, Stage

PAT = "pat@acme.example"
CUSTOMER = "auditor@acme.example"
OTHER = "witness@notary.example"


def staged(folder: Path, **config: Any) -> Stage:
    return Stage(folder, config={"witness": [CUSTOMER, OTHER], **config})


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        yield stage


def witnessed(stage: Stage) -> Sequence[Any]:
    return [got for got in stage.got() if got.what.startswith("Seal ")]


def day(stage: Stage) -> int:
    """A case comes, an audit seals it, and the witness is written to."""
    stage.mail.write(PAT, "One server is slow", "…")
    stage.settle()
    stage.daemon.auditor.audit(stage.clock.now())
    return stage.daemon.witness.send()


def test_each_witness_gets_the_head_once_a_day(stage: Stage) -> None:
    assert day(stage) == 2
    assert [(got.to, got.what) for got in witnessed(stage)] == [
        (CUSTOMER, "Seal 1 of stage"),
        (OTHER, "Seal 1 of stage"),
    ]
    stage.clock.forward(hours=1)
    assert day(stage) == 0
    stage.clock.forward(hours=24)
    assert day(stage) == 2
    assert witnessed(stage)[-1].what == "Seal 3 of stage"


def test_a_restart_does_not_send_it_again(stage: Stage) -> None:
    day(stage)
    stage.restart()
    assert day(stage) == 0
    assert len(witnessed(stage)) == 2


def test_what_the_customer_got_proves_that_nothing_was_written_anew(
    stage: Stage, tmp_path: Path
) -> None:
    day(stage)
    mail = tmp_path / "kept.txt"
    mail.write_text("\n".join(f"> {line}" for line in witnessed(stage)[0].text.splitlines()))
    (head,) = read(mail)
    with stage.site.ledger.reading() as tx:
        found = verify(tx, "stage", heads=[head])
    assert found.faults == ()
    assert found.witnessed is not None
    assert found.witnessed.number == head.number


def test_before_anything_is_sealed_there_is_nothing_to_send(stage: Stage) -> None:
    assert stage.daemon.witness.send() == 0


@pytest.mark.parametrize(
    "go_live",
    [{"mode": "shadow"}, {"mode": "redirect", "redirect": "ann"}],
    ids=["shadow", "redirect"],
)
def test_nothing_leaves_that_may_not_leave(tmp_path: Path, go_live: dict[str, Any]) -> None:
    with staged(tmp_path, go_live=go_live) as stage:
        assert day(stage) == 0
        assert witnessed(stage) == []


def test_nothing_leaves_while_everything_is_held(stage: Stage) -> None:
    stage.site.ledger.stop("wait", "ann", stage.clock.now())
    assert day(stage) == 0
    stage.site.ledger.resume("ann", stage.clock.now())
    assert day(stage) == 2


def test_a_head_that_can_not_be_sent_is_found_by_the_audit_and_tried_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stage.daemon.witness.live is not None
    plugin = stage.daemon.witness.live.plugin

    def refused(*_: object) -> None:
        raise Retry("the mail server is away", "wait")

    with monkeypatch.context() as away:
        away.setattr(plugin, "send", refused)
        assert day(stage) == 0
    found = stage.daemon.auditor.audit(stage.clock.now())
    assert [finding.subject for finding in found] == ["witness"]
    assert "the mail server is away" in found[0].what
    assert stage.daemon.witness.send() == 2
    assert stage.daemon.auditor.audit(stage.clock.now()) == ()


def test_without_a_connection_that_sends_mail_the_audit_says_so(stage: Stage) -> None:
    stage.daemon.witness.live = None
    assert day(stage) == 0
    (found,) = stage.daemon.auditor.audit(stage.clock.now())
    assert "no connection sends mail" in found.what


def test_a_site_without_a_witness_sends_nothing(tmp_path: Path) -> None:
    assert "witness" not in SITE
    with Stage(tmp_path) as stage:
        assert day(stage) == 0
