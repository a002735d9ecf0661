"""A request of Twilio's: verified, read, answered. Pure: no network, no state.

``…/status?key=`` brings the news of a sending, ``…/call?t=`` the keys of a call, and whatever else
the number itself was set to: messages that people write, calls that they place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from upheld.plugin import (
    Actor,
    Auth,
    Delivery,
    Does,
    Inbound,
    Message,
    Misconfigured,
    Nature,
    Receipt,
    Received,
    Request,
    Response,
)
from upheld_twilio import speech
from upheld_twilio.incoming import Reader, receipt, with_files
from upheld_twilio.signature import signed

_FORM: Final = "application/x-www-form-urlencoded"
_FIELDS: Final = 200
_XML: Final = "text/xml"


@dataclass(frozen=True, slots=True)
class Hooks:
    """Reads what comes for one account; ``public_url`` is the one that Twilio was told."""

    account: str
    tokens: Sequence[str]
    public_url: str | None

    def received(self, request: Request) -> Received:
        """What a request brings, and its answer; ``Auth`` where it is not proven to be Twilio's."""
        form = self._verified(request)
        what = urlsplit(request.url).path.rpartition("/")[2]
        if what == "status":
            return self._status(request, form)
        if what == "call":
            return self._keys(request, form)
        if "Body" in form and form.get("From"):
            return self._message(request, form)
        return _twiml(speech.refusal())

    def _verified(self, request: Request) -> dict[str, str]:
        if self.public_url is None:
            raise Misconfigured("callbacks need the public URL", "set `url` under `web`")
        if not request.url.startswith(f"{self.public_url.rstrip('/')}/"):
            raise Auth("a callback came for another URL than `web.url`", "look at `web.url`")
        headers = {name.lower(): value for name, value in request.headers}
        fields = _form(headers.get("content-type", ""), request)
        given = headers.get("x-twilio-signature", "")
        if not signed(given, self.tokens, request.url, fields):
            what = "a callback bears no signature of Twilio's"
            raise Auth(what, "look at `token` and `web.url`: Twilio signs with the primary token")
        form = dict(fields)
        if form.get("AccountSid") != self.account:
            raise Auth("a callback is of another account", "look at `account`")
        return form

    def _status(self, request: Request, form: dict[str, str]) -> Received:
        status = form.get("MessageStatus") or form.get("CallStatus") or ""
        code = form.get("ErrorCode", "")
        found = receipt(
            dict(request.query).get("key"),
            None,
            status,
            request.at,
            int(code) if code.isdecimal() else None,
            form.get("AnsweredBy"),
        )
        return Received(Response(204), () if found is None else (found,))

    def _keys(self, request: Request, form: dict[str, str]) -> Received:
        call = speech.unsealed(dict(request.query).get("t", ""), self.tokens)
        if call is None:
            raise Auth("a call's seal is not ours", "nothing to do: it is not answered")
        answer = call.answer(form.get("Digits", ""))
        if answer is not None:
            return _twiml(
                speech.thanks(call, answer), _pressed(request, form, call.key, answer.does)
            )
        again = call.again()
        if again is None:
            return _twiml(speech.farewell(call))
        url = f"{request.url.partition('?')[0]}?t={speech.sealed(again, self.tokens[0])}"
        return _twiml(speech.asking(again, url))

    def _message(self, request: Request, form: dict[str, str]) -> Received:
        sid = form.get("MessageSid") or form.get("SmsSid") or ""
        media = form.get("NumMedia", "")
        text = with_files(form["Body"], int(media) if media.isdecimal() else 0)
        message = Reader(self.tokens).message(
            sid, form["From"], form.get("To", ""), text, request.at, request.body
        )
        return _twiml(speech.silence(), message)


def _pressed(request: Request, form: dict[str, str], key: str, does: Does) -> Inbound:
    """What a key is to us: an acknowledgement of the sending, or a word of the person called."""
    sid, called = form.get("CallSid"), form.get("To", "")
    if does is Does.ACKNOWLEDGE:
        return Receipt(key, sid, Delivery.ACKNOWLEDGED, request.at, detail="by key")
    return Message(
        id=f"{sid}:{form['Digits']}",
        at=request.at,
        by=Actor(called, addresses=(called,)),
        verified=True,  # whoever picked up the phone that we called
        nature=Nature.NORMAL,
        to=(),
        thread=(sid or "",),
        subject=f"Key {form['Digits']}",
        text=does.value.upper(),
        raw=request.body,
    )


def _form(kind: str, request: Request) -> tuple[tuple[str, str], ...]:
    """The fields of a form. Anything else (JSON, signed by a hash) is never sent to these URLs."""
    if request.method != "POST" or kind.partition(";")[0].strip().lower() != _FORM:
        raise Auth("a callback is no form", "have Twilio POST to our URLs")
    try:
        body = request.body.decode()
        return tuple(parse_qsl(body, keep_blank_values=True, max_num_fields=_FIELDS))
    except ValueError:
        raise Auth("a callback's form can't be read", "nothing to do: it is not answered") from None


def _twiml(text: str, *items: Inbound) -> Received:
    return Received(Response(200, _XML, text.encode()), items)
