"""Pure: what an SMTP address may look like, and how a stranger's words are made safe for a letter."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.policy import SMTP
from enum import StrEnum
from urllib.parse import unquote, urlsplit

import idna

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_WINDOW = timedelta(minutes=1)
_GREETING_LENGTH_MAX = 60
# C0, DEL, C1, line and paragraph separators, and the marks that turn the direction of writing.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_UNADDRESSABLE = re.compile(r"""[\s"(),:;<>\[\]\\@]|""" + _UNPRINTABLE.pattern)
_LINK_LIKE = re.compile(r"://|www\.|\w\.\w{2,}|@|[<>]", re.IGNORECASE)


class Line(StrEnum):
    """How the connection is protected."""

    PLAIN = "plain"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails go. The password is not printed."""

    host: str
    port: int
    line: Line
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def parse_smtp_url(text: str) -> SmtpServer:
    """Read `smtp://user:password@host:port`, `smtps://` (TLS from the first byte) or `smtp+starttls://`.

    A plain `smtp://` with credentials becomes STARTTLS, except to this machine: a password never crosses an open
    line. User and password are percent-decoded.

    Raises:
        ValueError: what is wrong, without repeating the text, which holds a password.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("MAIL_URL is not a URL") from None
    if parts.scheme not in _PORTS:
        raise ValueError("MAIL_URL must begin with smtp://, smtps:// or smtp+starttls://")
    if not host or _UNPRINTABLE.search(unquote(text)):
        raise ValueError("MAIL_URL names no host, or holds control characters")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("MAIL_URL has something after the port; percent-encode / ? # @ : in the password")
    user, password = unquote(parts.username or "") or None, unquote(parts.password or "") or None
    if (user is None) != (password is None):
        raise ValueError("MAIL_URL needs user and password, or neither")
    line = {"smtp": Line.PLAIN, "smtps": Line.TLS, "smtp+starttls": Line.STARTTLS}[parts.scheme]
    if line is Line.PLAIN and user is not None and host not in _LOCAL:
        line = Line.STARTTLS
    standard = _PORTS["smtp+starttls"] if line is Line.STARTTLS else _PORTS[parts.scheme]
    return SmtpServer(host=host, port=port or standard, line=line, user=user, password=password)


def parse_sender(text: str) -> Address:
    """Read `Name <address>`.

    Raises:
        ValueError: not exactly one address.
    """
    if _UNPRINTABLE.search(text):
        raise ValueError("it holds control characters")
    header = SMTP.header_factory("From", text)
    if len(header.addresses) != 1 or header.defects or not header.addresses[0].domain:
        raise ValueError("it is not one address such as Cleanly <no-reply@example.com>")
    address: Address = header.addresses[0]
    return address


def parse_recipient(text: str) -> Address:
    """Read a bare address. Letters of all alphabets pass, signs that mean something in a header or to SMTP don't.

    Raises:
        ValueError: not exactly one address.
    """
    name, _, domain = text.rpartition("@")
    if not name or not domain or _UNADDRESSABLE.search(name) or _UNADDRESSABLE.search(domain):
        raise ValueError("not an address")
    return Address(username=name, domain=domain)


def on_the_wire(address: Address) -> Address:
    """The address with its domain in ASCII (RFC 5891), which every server understands."""
    try:
        domain = address.domain if address.domain.isascii() else idna.encode(address.domain).decode()
    except idna.IDNAError:  # not a name that anybody could register: the server will say so
        return address
    return Address(display_name=address.display_name, username=address.username, domain=domain)


def one_line(text: str) -> str:
    """The text without line breaks or other invisible characters, so that it can't pretend to be more than a value."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def greeting_name(name: str) -> str:
    """The name to greet with; empty if it is long or looks like a link.

    Anybody can register anybody's address under any name: our mails must not carry a stranger's advertisement.
    """
    line = one_line(name)
    if len(line) > _GREETING_LENGTH_MAX or _LINK_LIKE.search(line):
        return ""
    return line


def masked(address: str) -> str:
    """An address that its owner recognises and nobody else learns: `a***@example.com`."""
    name, _, domain = one_line(address).rpartition("@")
    return f"{name[:1]}***@{domain}"


def without_recipient(text: str, recipient: str) -> str:
    """A server's words for the log: no personal data, one line, bounded."""
    return one_line(re.sub(re.escape(recipient), "[recipient]", text, flags=re.IGNORECASE))[:200]


def is_final(code: int) -> bool:
    """Whether this answer to a recipient or a message stays the same tomorrow (RFC 5321 section 4.2.1).

    530, 534, 535 and 538 speak of our log-in, which an operator can mend.
    """
    return 500 <= code < 600 and code not in {530, 534, 535, 538}


class Budget:
    """How many mails may leave per minute. Only mails that were sent count; the caller says when."""

    def __init__(self, per_minute_max: int) -> None:
        self._max = per_minute_max
        self._sent: list[datetime] = []

    def take(self, now: datetime) -> bool:
        """Reserve one; False if the minute is full."""
        self._sent = [at for at in self._sent if now - at < _WINDOW]
        if len(self._sent) >= self._max:
            return False
        self._sent.append(now)
        return True

    def give_back(self, taken: datetime) -> None:
        """The mail that was reserved at this time has not been sent."""
        if taken in self._sent:
            self._sent.remove(taken)
