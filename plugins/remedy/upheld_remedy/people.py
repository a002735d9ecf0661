"""Who is who: the people of AR System, looked up by login name or mail address."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from upheld.plugin import Actor, Permanent, Side
from upheld_remedy.client import Client, Row
from upheld_remedy.config import RemedyConfig
from upheld_remedy.qualification import equal, one_of

#: Names in one question; its address stays short.
AT_ONCE: Final = 50
#: So long somebody is taken for what they were; policy time.
_KNOWN_FOR: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as the form of people has them."""

    login: str
    name: str = ""
    mail: str = ""
    company: str = ""
    staff: bool = False


class People:
    """The form of people, remembered for a while."""

    def __init__(self, client: Client, config: RemedyConfig, now: Callable[[], datetime]) -> None:
        self._client, self._config, self._now = client, config, now
        self._known: dict[str, Person] = {}
        self._until = now()

    def learn(self, logins: Collection[str]) -> None:
        """Look up those of them who are not known yet, all at once."""
        now = self._now()
        if now >= self._until:
            self._known, self._until = {}, now + _KNOWN_FOR
        unknown = sorted({login for login in logins if login} - self._known.keys())
        for some in batches(unknown, AT_ONCE):
            found = self._people(one_of(self._config.people.login, some))
            self._known |= {login: Person(login) for login in some}
            self._known |= {person.login: person for person in found}

    def actor(self, login: str) -> Actor:
        """Somebody who did something; who is nobody there is no person of ours either."""
        person = self._known.get(login, Person(login))
        side = Side.STAFF if person.staff else Side.UNKNOWN
        if login == self._config.user:
            side = Side.UPHELD
        elif login in self._config.notes.machines:
            side = Side.SYSTEM
        groups = (self._config.people.staff,) if person.staff else ()
        mail = (person.mail,) if person.mail else ()
        return Actor(login, person.name, mail, side, groups)

    def person(self, login: str) -> Person:
        """Somebody, as far as they are known."""
        return self._known.get(login, Person(login))

    def customer(self, reporter: Actor) -> str:
        """The login name of whom a new incident is for: the one with this address, else the default."""
        mails = [each for each in (*reporter.addresses, reporter.id) if "@" in each]
        known = next((each for each in self._known.values() if each.mail in mails[:1]), None)
        if known is not None:
            return known.login
        found = self._people(equal(self._config.people.mail, mails[0])) if mails else []
        if len(found) == 1:
            return found[0].login
        if self._config.default_customer:
            return self._config.default_customer
        who = mails[0] if mails else reporter.id
        what = f"Remedy has nobody, or several, with the address {who}"
        raise Permanent(what, "add them to its people, or set `default_customer`")

    def _people(self, qualification: str) -> list[Person]:
        names = self._config.people
        asked = (names.login, names.mail, names.name, names.company, names.staff)
        listing = self._client.rows(self._config.form.people, qualification, asked, limit=100)
        return [self._read(row) for row in listing.rows]

    def _read(self, row: Row) -> Person:
        names = self._config.people
        login, mail, name, company = (
            str(row.get(each) or "")
            for each in (names.login, names.mail, names.name, names.company)
        )
        return Person(login, name, mail, company, row.get(names.staff) == "Yes")


def batches(values: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    """The values, so many at a time."""
    return (values[start : start + size] for start in range(0, len(values), size))
