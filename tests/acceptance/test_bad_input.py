"""What goes wrong outside: a clear error in words that a person can use, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.event import listen

from tests.acceptance.story import ANN, BO, PAT, STAFF, Story
from upheld.case.events import Opened
from upheld.daemon.site import Site
from upheld.errors import Busy, ConfigError, DiskFull
from upheld.ledger import Fate, Ledger
from upheld.plugin import Finding
from upheld.testing import SteppedClock
from upheld.testing.stage import START, Stage

# --- upheld.yaml and the policy -------------------------------------------------------------------

YAML = """\
site: test
policy: own.yaml
data: data
people:
  ann: {name: Ann Reyes, mail: ann@magnolia.example}
roles: {operator: ann}
"""
POLICY = """\
policy: Own
version: "1"
published_by: Magnolia
severities:
  1: {name: Urgent, means: all of it}
document:
- heading: Answers
  clauses:
  - {id: A-1, says: We answer., target: first_response, within: 4 hours}
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A site with one case, of which the files can be spoilt and mended."""
    _write(tmp_path, YAML, POLICY)
    with Site.open(tmp_path / "upheld.yaml", clock=_clock()) as site:
        assert site.verbs.open(Opened("phone", "Slow", "…"), STAFF) == "C1"
    return tmp_path


def _write(folder: Path, config: str, policy: str) -> None:
    (folder / "upheld.yaml").write_text(config, encoding="utf-8")
    (folder / "own.yaml").write_text(policy, encoding="utf-8")


def _clock() -> SteppedClock:
    from upheld.calendar.instant import parse

    return SteppedClock(parse(START))


def refusal(folder: Path) -> list[str]:
    """What a person reads who starts a site that is not right, a text a problem."""
    with pytest.raises(ConfigError) as error, Site.open(folder / "upheld.yaml") as site:
        site.daemon()
    return [str(problem) for problem in error.value.problems]


def mended(folder: Path) -> None:
    """Put right again, the site starts, and what it knew is there."""
    _write(folder, YAML, POLICY)
    with Site.open(folder / "upheld.yaml", clock=_clock()) as site, site.ledger.reading() as tx:
        site.daemon().close()
        assert [case.title for case in tx.cases()] == ["Slow"]


def test_unknown_keys_of_upheld_yaml(files: Path) -> None:
    wrong = YAML.replace("policy:", "polcy:") + "web: {lisen: '127.0.0.1:8420'}\npeeple: {}\n"
    _write(files, wrong, POLICY)
    problems = "\n".join(refusal(files))
    for place, hint in (("2", "policy"), ("7", "listen"), ("8", "people")):
        assert f"upheld.yaml:{place}:" in problems
        assert f'did you mean "{hint}"?' in problems
    mended(files)


def test_upheld_yaml_that_is_no_yaml(files: Path) -> None:
    _write(files, YAML + "links: {downloads: [\n", POLICY)
    (problem,) = refusal(files)
    assert "upheld.yaml:8:1: is no YAML" in problem
    mended(files)


def test_a_policy_with_mistakes_tells_all_of_them_with_their_lines(files: Path) -> None:
    wrong = POLICY.replace("severities:", "severitys:").replace("within: 4 hours", "within: 4")
    _write(files, YAML, wrong)
    problems = "\n".join(refusal(files))
    assert "own.yaml:4:" in problems
    assert 'did you mean "severities"?' in problems
    assert "own.yaml:9:" in problems
    assert "write `24 hours` or `4 business hours`" in problems
    mended(files)


def test_a_policy_that_is_not_there(files: Path) -> None:
    (files / "own.yaml").unlink()
    (problem,) = refusal(files)
    assert "own.yaml: can't be read" in problem
    mended(files)


# --- the mailbox ----------------------------------------------------------------------------------


def findings(story: Story) -> dict[str, Finding]:
    return {each.subject: each for each in story.stage.daemon.once()}


def test_a_mailbox_that_refuses_the_password(story: Story) -> None:
    story.stage.mail.refuse_password()
    story.mail(PAT, "Nobody can connect")
    tried = story.stage.mail.logins
    found = findings(story)["mailbox"]
    assert found.level == "error"
    assert "password" in found.what
    assert story.stage.mail.password not in str(found)
    assert story.stage.mail.logins == tried  # trying on would lock the account
    assert "Trouble at stage" in story.expect_page(ANN).what  # she is the operator
    # the rest goes on
    case = story.do.open(Opened("phone", "Down", "…", enforced_from=story.now), STAFF)
    story.do.triage(case, STAFF, 1, number="2001")
    story.settle()
    story.expect_page(ANN)
    story.expect_page(BO)
    story.stage.mail.refuse_password(False)
    story.stage.restart()
    story.settle()
    story.expect_mail(PAT, "Re: Nobody can connect")
    story.expect_page(BO)
    assert {each.title for each in story.cases()} == {"Down", "Nobody can connect"}
    assert "mailbox" not in findings(story)


@pytest.mark.parametrize("fault", [{"mails": 0}, {"mails": 1}, {"mails": 2}, {"bytes_": 300}])
def test_a_line_that_drops_in_the_middle_of_a_mail(story: Story, fault: dict[str, int]) -> None:
    subjects = ["first", "second", "third"]
    for subject in subjects:
        story.stage.mail.write(PAT, subject, "x" * 500)
    story.stage.mail.drop_fetch_after(**fault)
    story.settle()
    story.settle()
    assert sorted(case.title for case in story.cases()) == subjects
    for subject in subjects:
        story.expect_mail(PAT, f"Re: {subject}")


@pytest.mark.parametrize(
    ("charset", "body", "readable"),
    [
        ("utf-8", "M\u00fcllers Netz".encode("latin-1"), "M\u00fcllers Netz"),
        ("x-klingon", "M\u00fcllers Netz".encode(), "llers Netz"),
        ("us-ascii", b"M\xfc\xfe\xffllers Netz", "llers Netz"),
    ],
    ids=["another than it says", "unknown", "none at all"],
)
def test_a_mail_with_a_broken_charset_opens_its_case(
    story: Story, charset: str, body: bytes, readable: str
) -> None:
    head = (
        f"From: {PAT}\r\nTo: {story.stage.mail.address}\r\nMessage-ID: <broken@acme.example>\r\n"
        f"Subject: =?{charset}?Q?Netz_=FF_weg?=\r\n"
        f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    story.stage.mail.deliver(head.encode() + body + b"\r\n")
    story.settle()
    opened = story.state().opened
    assert readable in opened.text
    assert "Netz" in opened.subject
    assert "weg" in opened.subject
    story.expect_mail(PAT, "Netz")
    with story.stage.site.ledger.reading() as tx:
        assert tx.kept(Fate.REFUSED) == []


# --- the disk -------------------------------------------------------------------------------------


@contextmanager
def tmpfs(folder: Path) -> Iterator[Callable[[], None]]:
    """A disk of a megabyte; called, there is more."""

    def mount(options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")

    mount("size=1m")
    try:
        yield lambda: mount("remount,size=64m")
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


@contextmanager
def page_count(folder: Path) -> Iterator[Callable[[], None]]:
    """Nothing special about the folder: `limit` does it."""
    yield lambda: None


def limit(ledger: Ledger, pragma: str) -> None:
    """Have every connection of this ledger begin with a pragma."""
    ledger._engine.dispose()

    def begin(connection: Any, _record: Any) -> None:
        connection.execute(pragma)
        connection.commit()

    listen(ledger._engine, "connect", begin)


def pages(ledger: Ledger) -> int:
    with ledger.reading() as tx:
        return int(tx._connection.execute(text("PRAGMA page_count")).scalar_one())


@pytest.mark.parametrize("disk", [page_count, tmpfs], ids=["page count", "tmpfs"])
def test_a_full_disk(tmp_path: Path, disk: Any) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with disk(folder) as more, Stage(folder) as stage:
        story, ledger = Story(stage), stage.site.ledger
        if disk is page_count:
            limit(ledger, f"PRAGMA max_page_count={pages(ledger) + 20}")
        for n in range(4):
            stage.mail.write(PAT, f"mail {n}", "x" * 250_000)
        with pytest.raises(DiskFull) as error:
            stage.settle()
        assert "there is no space left for the ledger; nothing was written" in str(error.value)
        assert error.value.do_next == "free some space on its disk; recording goes on by itself"
        with ledger.reading() as tx:
            assert tx.verify_all() == []
            assert tx.kept() == []
            assert tx.cases() == []
        more()
        if disk is page_count:
            limit(ledger, "PRAGMA max_page_count=100000")
        stage.settle()
        assert len(story.cases()) == len(stage.mail.sent) == 4
        with ledger.reading() as tx:
            assert tx.verify_all() == []


# --- the lock -------------------------------------------------------------------------------------

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(stage: Stage, database: str | None) -> Iterator[None]:
    """Meanwhile somebody else, a backup or a shell, holds the ledger."""
    if database is not None:
        with psycopg.connect(database) as connection:
            connection.execute("LOCK TABLE subject, pull IN EXCLUSIVE MODE")
            yield
        return
    command = [sys.executable, "-c", HOLD, str(stage.folder / "upheld.db")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "locked\n"
        yield
        holder.stdin.close()


def test_a_locked_ledger(story: Story, database: str | None) -> None:
    pragma = "PRAGMA busy_timeout=50" if database is None else "SET lock_timeout = 50"
    limit(story.stage.site.ledger, pragma)
    story.stage.mail.write(PAT, "One server is slow", "…")
    with locked(story.stage, database):
        with pytest.raises(Busy) as error:
            story.settle()
        with pytest.raises(Busy):
            story.do.open(Opened("phone", "Slow", "…"), STAFF)
        assert story.cases() == []  # reading goes on
    assert "locked by somebody else; nothing was written" in str(error.value)
    assert "a backup, a shell" in error.value.do_next
    assert story.stage.site.ledger.url in str(error.value)
    story.settle()
    story.expect_mail(PAT, "Re: One server is slow")
    assert [case.title for case in story.cases()] == ["One server is slow"]
