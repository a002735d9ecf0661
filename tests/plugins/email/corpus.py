"""Mails as they come, broken ones too, and what is to be made of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from upheld.plugin import Nature
from upheld_email.threads import Tokens

OUR: Final = "support@magnolia.example"
TOKENS: Final = Tokens(b"k" * 32, OUR)
MADE: Final = TOKENS.message_id("C7", "d")


@dataclass(frozen=True, slots=True)
class Case:
    """A mail and its expected fate: ``refused`` is a word of the reason."""

    name: str
    mail: str | bytes
    nature: Nature = Nature.NORMAL
    text: str | None = None
    subject: str | None = None
    sender: str | None = None
    thread: tuple[str, ...] = ()
    refused: str | None = None

    @property
    def raw(self) -> bytes:
        """The mail as bytes, lines ending in CRLF."""
        data = self.mail.encode() if isinstance(self.mail, str) else self.mail
        return data.replace(b"\n", b"\r\n")


def plain(*headers: str, body: str = "Hello\n", frm: str = "pat@acme.example") -> str:
    """A plain mail with further headers."""
    usual = (f"From: {frm}", f"To: {OUR}", "Message-ID: <m1@acme.example>", "Subject: Hello")
    return "\n".join((*usual, *headers)) + f"\n\n{body}"


GMAIL_REPLY = f"""\
MIME-Version: 1.0
References: <first@acme.example> <upheld.1@magnolia.example>
In-Reply-To: <upheld.1@magnolia.example>
From: Pat Lin <pat@acme.example>
Date: Tue, 1 Dec 2026 13:00:00 +0100
Message-ID: <CAF1@mail.gmail.example>
Subject: Re: [C7] One server is slow
To: {OUR}
Content-Type: multipart/alternative; boundary="0000a"

--0000a
Content-Type: text/plain; charset="UTF-8"
Content-Transfer-Encoding: quoted-printable

It is the second one =E2=80=93 since noon.

On Tue, Dec 1, 2026 at 12:00 PM Magnolia <{OUR}> wrote:
> Thank you.
--0000a
Content-Type: text/html; charset="UTF-8"

<div dir="ltr">It is the second one</div>
--0000a--
"""

OUTLOOK_HTML = f"""\
From: =?iso-8859-1?Q?M=FCller=2C_J=F6rg?= <Joerg.Mueller@ACME.example>
To: {OUR}
Subject: =?UTF-8?B?U3TDtnJ1bmc=?=
 =?UTF-8?B?IDI=?=
Message-ID: <AM0PR@eur.prod.outlook.example>
X-Auto-Response-Suppress: DR, OOF, AutoReply
X-MS-Exchange-Organization-AuthSource: x
Content-Type: text/html; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

<html><head><style>p {{color: red}}</style><title>t</title></head><body>
<p>Es l=E4uft nichts.</p><script>alert(1)</script><p>Gr=FC=DFe<br>J=F6rg</p></body></html>
"""

BOUNCE = f"""\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.acme.example>
To: {OUR}
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce1@mx.acme.example>
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.acme.example

Final-Recipient: rfc822; pat@acme.example
Action: failed
Status: 5.1.1
--b
Content-Type: message/rfc822

From: {OUR}
Message-ID: <upheld.9@magnolia.example>
Subject: Status

We work on it.
--b--
"""

READ_RECEIPT = f"""\
From: pat@acme.example
To: {OUR}
Subject: Read: Status
Message-ID: <mdn1@acme.example>
In-Reply-To: <upheld.1@magnolia.example>
Content-Type: multipart/report; report-type="disposition-notification"; boundary=b

--b
Content-Type: text/plain

Your message was displayed.
--b
Content-Type: message/disposition-notification

Disposition: manual-action/MDN-sent-manually; displayed
--b--
"""

FORWARDED = f"""\
From: pat@acme.example
To: {OUR}
Subject: Fwd: trouble
Message-ID: <f1@acme.example>
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

See below.
--b
Content-Type: message/rfc822

From: someone@nowhere.example
Subject: trouble
Message-ID: <inner@nowhere.example>

Inner words.
--b--
"""

NO_END = f"""\
From: pat@acme.example
To: {OUR}
Subject: cut
Message-ID: <c1@acme.example>
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

SGVsbG8gd29y=bGQ!!
"""

FILES = f"""\
From: pat@acme.example
To: {OUR}
Subject: logs
Message-ID: <files@acme.example>
Content-Type: multipart/mixed; boundary="=_b;1"

--=_b;1
Content-Type: text/plain; charset=utf-8; format=flowed

See the logs.
--=_b;1
Content-Type: application/octet-stream
Content-Disposition: attachment; filename*0*=utf-8'de'Gr%C3%B6; filename*1*=%C3%9Fe.log
Content-Transfer-Encoding: base64

AAEC/w==
--=_b;1
Content-Type: application/ms-tnef; name="=?utf-8?q?winmail=2Edat?="
Content-Disposition: attachment; filename*=x-none'de'%FF%FE
Content-Transfer-Encoding: x-uuencode

begin 644 x
#86)C
`
end
--=_b;1--
"""

OPEN_HEAD = f"""\
From: pat@acme.example
To: {OUR}
Subject: html
Message-ID: <head@acme.example>
Content-Type: text/html; charset=utf-8

<html><head><style>p {{}}</style><![endif]--><![x y]><body><p>The disk is full.<table><td>a<td>b
"""

DEEP = "".join(
    f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n" for level in range(12)
)
WIDE = 'Content-Type: multipart/mixed; boundary="w"\n\n' + "--w\n\nx\n" * 60
MANY = "Content-Type: multipart/mixed; boundary=m\n\n" + "--m\nContent-Type: multipart/x\n\n" * 60

LOOP = plain("X-Loop: stage")

CASES: Final = (
    Case("plain", plain(), text="Hello\n", subject="Hello", sender="pat@acme.example"),
    Case(
        "gmail reply",
        GMAIL_REPLY,
        text="It is the second one – since noon.\n",
        thread=("<upheld.1@magnolia.example>", "<first@acme.example>", "subject:C7"),
    ),
    Case(
        "outlook html",
        OUTLOOK_HTML,
        text="Es läuft nichts.\n\nGrüße\nJörg",
        subject="Störung 2",
        sender="joerg.mueller@acme.example",
    ),
    Case(
        "dsn",
        BOUNCE,
        Nature.BOUNCE,
        text="I'm sorry",
        sender="mailer-daemon@mx.acme.example",
        thread=("<upheld.9@magnolia.example>",),
    ),
    Case(
        "bare bounce",
        plain(frm="MAILER-DAEMON@acme.example"),
        Nature.BOUNCE,
        sender="mailer-daemon@acme.example",
    ),
    Case("read receipt", READ_RECEIPT, Nature.AUTOMATIC, thread=("<upheld.1@magnolia.example>",)),
    Case("vacation", plain("Auto-Submitted: auto-replied"), Nature.AUTOMATIC),
    Case("vacation with words", plain("Auto-Submitted: auto-generated; x=y"), Nature.AUTOMATIC),
    Case("a person says so", plain("Auto-Submitted: no"), Nature.NORMAL),
    Case("and explains it", plain("Auto-Submitted: no (I am one)"), Nature.NORMAL),
    Case("bulk", plain("Precedence: bulk"), Nature.AUTOMATIC),
    Case("autoreply", plain("X-Autoreply: yes"), Nature.AUTOMATIC),
    Case("null sender", plain("Return-Path: <>"), Nature.AUTOMATIC),
    Case(
        "no-reply",
        plain(frm="no-reply@shop.example"),
        Nature.AUTOMATIC,
        sender="no-reply@shop.example",
    ),
    Case("list", plain("List-Id: <all.acme.example>"), Nature.LIST),
    Case("newsletter", plain("List-Unsubscribe: <https://x.example>"), Nature.LIST),
    Case("list precedence", plain("Precedence: list"), Nature.LIST),
    Case("from ourselves", plain(frm=f"Support <{OUR}>"), Nature.OURS, sender=OUR),
    Case(
        "from our plus-address",
        plain(frm="support+x@magnolia.example"),
        Nature.OURS,
        sender="support+x@magnolia.example",
    ),
    Case("our loop header", LOOP, Nature.OURS),
    Case("another's loop header", plain("X-Loop: another-stage"), Nature.NORMAL),
    Case("our own id", plain().replace("<m1@acme.example>", MADE), Nature.OURS),
    Case("forward", FORWARDED, text="See below."),
    Case("files", FILES, text="See the logs."),
    Case("a head without an end, a section that is none", OPEN_HEAD, text="The disk is full."),
    Case("no end, bad base64", NO_END, subject="cut"),
    Case("unknown charset", plain("Content-Type: text/plain; charset=x-none"), text="Hello\n"),
    Case(
        "lies about its charset",
        plain("Content-Type: text/plain; charset=us-ascii", body="Grüße\n"),
        text="Grüße\n",
    ),
    Case(
        "latin bytes, nothing declared",
        plain(body="").encode() + "Grüße\n".encode("latin-1"),
        text="Grüße\n",
    ),
    Case("eight bits in the subject", plain("X: y").replace(": Hello", ": Größe"), subject="Größe"),
    Case("four-byte characters", plain(body="🚒 now\n"), text="🚒 now\n"),
    Case("nul", plain(body="a\0b\n"), text="ab\n"),
    Case("empty body", plain(body=""), text=""),
    Case(
        "a line break in an encoded subject",
        plain().replace(": Hello", ": =?utf-8?q?a=0D=0ABcc:_x?="),
        subject="a Bcc: x",
    ),
    Case(
        "an address in an encoded name",
        plain(frm="=?utf-8?q?ceo=40acme=2Eexample?= <eve@evil.example>"),
        sender="eve@evil.example",
    ),
    Case(
        "many references",
        plain("References: " + " ".join(f"<r{n}@x.example>" for n in range(1000))),
        thread=("<r999@x.example>", "<r998@x.example>"),
    ),
    Case(
        "references that are none",
        plain("In-Reply-To: your mail of Tuesday", "References: <> <a b>"),
    ),
    Case("subject token", plain().replace(": Hello", ": Re: [#1042] x"), thread=("subject:1042",)),
    Case(
        "an encoded subject that can't be decoded",
        plain().replace(": Hello", ": =?utf-8?b?a?="),
        subject="=?utf-8?b?a?=",
    ),
    Case(
        "a codec that is no charset",
        plain("Content-Type: text/plain; charset=unicode_escape", body="C:\\new \\d\n"),
        text="C:\\new \\d\n",
    ),
    Case("nested too deep", plain().partition("\n\n")[0] + "\n" + DEEP, refused="13 deep"),
    Case("too many parts", plain().partition("\n\n")[0] + "\n" + WIDE, refused="61 parts"),
    Case("too many containers", plain().partition("\n\n")[0] + "\n" + MANY, refused="than 50"),
    Case("two senders", plain("From: eve@evil.example"), refused="2 From"),
    Case("two addresses", plain(frm="pat@acme.example, eve@evil.example"), refused="one address"),
    Case("no sender", f"To: {OUR}\nSubject: x\n\nHello\n", refused="0 From"),
    Case("a sender without an address", plain(frm="Undisclosed"), refused="one address"),
    Case("nothing at all", b"", refused="0 From"),
    Case("no mail but bytes", bytes(range(256)) * 20, refused="From"),
)
