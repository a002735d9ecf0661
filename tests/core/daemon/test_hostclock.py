"""The host's clock: set by hand it holds up what only it calls for; a suspend is none of that."""

from __future__ import annotations

from tests.core.daemon.scene import House
from tests.core.desk.scene import NOW, PAT, message
from upheld.calendar.instant import HOUR, MINUTE, SECOND, Span, moment
from upheld.clock import SystemClock
from upheld.daemon.hostclock import HOLD, STEP, HostClock
from upheld.testing import SteppedClock


class Host:
    """A machine with its two clocks: the wall's, and the time since it was started."""

    def __init__(self) -> None:
        self.wall, self.boot = NOW * 1000, 7_000_000
        self.clock = SystemClock(lambda: self.wall, lambda: self.boot)
        self.hostclock = HostClock.of(self.clock)

    def passes(self, span: Span) -> None:
        """Time, whether the machine is awake or sleeps."""
        self.wall += span * 1000
        self.boot += span * 1000

    def is_set(self, span: Span) -> None:
        """Somebody sets the wall clock ahead or back."""
        self.wall += span * 1000

    def holds(self) -> bool:
        return self.hostclock.holds(self.clock.now())


def test_set_by_hand_it_holds_for_five_minutes() -> None:
    for by in (3 * HOUR, -3 * HOUR, STEP):
        host = Host()
        assert not host.holds()
        host.is_set(by)
        assert host.holds()
        host.passes(HOLD - 1)
        assert host.holds()
        host.passes(1)
        assert not host.holds()


def test_set_back_meanwhile_it_holds_anew_and_nothing_has_happened() -> None:
    host = Host()
    host.is_set(HOUR)
    assert host.holds()
    host.passes(4 * MINUTE)
    host.is_set(-HOUR)
    assert host.holds()
    host.passes(4 * MINUTE)
    assert host.holds()
    host.passes(MINUTE)
    assert not host.holds()


def test_a_suspend_is_downtime_like_any_other() -> None:
    host = Host()
    host.passes(8 * HOUR)
    assert not host.holds()


def test_a_small_correction_holds_up_nothing() -> None:
    host = Host()
    for _ in range(100):
        host.passes(SECOND)
        host.is_set(STEP - SECOND)
        assert not host.holds()


def test_it_says_which_way_and_until_when() -> None:
    host = Host()
    host.is_set(-90 * MINUTE)
    (found,) = host.hostclock.found(host.clock.now())
    assert found.what == (
        "the clock was set back by 90 min; pages that only the clock calls for wait "
        "until 2026-12-07T10:35:00Z"
    )
    assert (found.here, found.overdue) == (True, False)


def test_a_clock_that_is_stepped_is_never_set() -> None:
    clock = SteppedClock(NOW)
    hostclock = HostClock.of(clock)
    clock.forward(hours=8)
    assert not hostclock.holds(clock.now())


def test_meanwhile_news_is_read_and_told_and_the_sweep_rests(home: House) -> None:
    home.desk.opened(PAT, subject="Nobody can connect")
    home.daemon.settle()
    jumps = [HOUR]
    home.daemon.hostclock._jumped = lambda: jumps.pop() if jumps else 0
    home.desk.clock.forward(hours=1)
    home.mail.say(message(PAT, "Slow"))
    home.daemon.settle()
    assert len(home.desk.cases()) == 2
    assert len(home.mail.sent) == 2
    assert escalated(home) == [], "an hour is over, as far as the clock says"
    assert home.daemon.audit()[0].subject == "clock"
    home.desk.clock.forward(minutes=5)
    home.daemon.settle()
    assert len(escalated(home)) == 1


def set_ahead(house: House) -> None:
    """Somebody sets the host's clock ahead by an hour."""
    jumps = [HOUR]
    house.daemon.hostclock._jumped = lambda: jumps.pop() if jumps else 0
    house.desk.clock.forward(hours=1)


def test_news_of_a_case_takes_no_step_that_only_the_clock_calls_for(home: House) -> None:
    mail = message(PAT, "Nobody can connect")
    home.mail.say(mail)
    home.daemon.settle()
    set_ahead(home)
    home.mail.say(message(PAT, "Re: it", thread=(mail.id,)))
    home.daemon.settle()
    assert home.desk.kinds()[-1] == "customer_message"
    assert home.desk.case().title == "Nobody can connect"
    assert escalated(home) == []
    home.desk.clock.forward(minutes=5)
    home.daemon.settle()
    assert len(escalated(home)) == 1


def test_what_news_itself_calls_for_goes_at_once(home: House) -> None:
    home.daemon.settle()
    set_ahead(home)
    home.mail.say(message(PAT, "Nobody can connect", at=moment(home.desk.clock.now())))
    home.daemon.settle()
    assert len(home.mail.sent) == 1
    assert home.pager.sent, "whoever triages is paged for what has just come in"


def escalated(house: House) -> list[str]:
    """Pages of the first case to Ann: the clock's own, a quarter of an hour after it came."""
    keys = (sent.key for sent in house.pager.sent)
    return [key for key in keys if key.startswith("C1/") and key.endswith(">ann")]
