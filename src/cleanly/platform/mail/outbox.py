"""Where a finished mail goes: an SMTP server, or a mailbox in this process for a person at a desk."""

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Protocol

import aiosmtplib

from cleanly.kernel.net import trusted_tls
from cleanly.platform.mail.rules import Line, SmtpServer, is_final, on_the_wire, without_recipient

_MAILBOX_MAX = 200
_GOODBYE_SECONDS = 1.0
# Seven bits, so that no server on the way needs 8BITMIME.
_POLICY = SMTP.clone(cte_type="7bit")


class MailRefused(Exception):
    """The server will never take this mail. The text holds no address."""

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code


class MailDelayed(Exception):
    """Not now: the server is down, slow, busy or misconfigured, or our minute is full. Try again later."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A finished mail."""

    message_id: str
    sender: Address
    to: Address
    subject: str
    text: str
    html: str
    sent_at: datetime

    def message(self) -> EmailMessage:
        """As RFC 5322 wants it: text first, HTML as the richer alternative.

        Raises:
            ValueError: a value would break out of its header.
        """
        message = EmailMessage(policy=_POLICY)
        message["From"] = self.sender
        message["To"] = on_the_wire(self.to)
        message["Subject"] = self.subject
        message["Date"] = format_datetime(self.sent_at)
        message["Message-ID"] = self.message_id
        # RFC 3834: keeps holiday answers away.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text)
        message.add_alternative(self.html, subtype="html")
        return message


class Outbox(Protocol):
    """Takes finished mails."""

    async def deliver(self, mail: Mail) -> None:
        """Hand the mail over.

        Raises:
            MailRefused: never again.
            MailDelayed: later.
        """
        ...


class Mailbox:
    """The last 200 mails of this process, for development.

    `cleanly serve` and `cleanly worker` are two processes, and mails sent by the one are not seen by the other: the
    mailbox is for `cleanly dev`.
    """

    def __init__(self) -> None:
        self._mails: deque[Mail] = deque(maxlen=_MAILBOX_MAX)

    async def deliver(self, mail: Mail) -> None:
        """Keep it; the oldest makes room."""
        mail.message()  # what SMTP would refuse to write is a fault here too
        self._mails.append(mail)

    def newest_first(self, *, to: str | None = None) -> Sequence[Mail]:
        """All mails, or those to one address."""
        return [mail for mail in reversed(self._mails) if to is None or mail.to.addr_spec.lower() == to.lower()]


class Smtp:
    """Sends each mail over a connection of its own, all within `timeout_seconds`."""

    def __init__(
        self, server: SmtpServer, *, helo: str, timeout_seconds: float, tls: ssl.SSLContext | None = None
    ) -> None:
        """`helo`: the name that we greet with. `tls` replaces certifi's roots."""
        self._server = server
        self._helo = helo
        self._timeout_seconds = timeout_seconds
        self._tls = tls

    async def deliver(self, mail: Mail) -> None:
        """Send.

        Raises:
            MailRefused: a 5xx for this recipient or this message.
            MailDelayed: everything else.
        """
        message, to = mail.message(), on_the_wire(mail.to).addr_spec
        client = self._client()
        try:
            # The library's own time-outs are for each step: a server that drips would outlast them.
            async with asyncio.timeout(self._timeout_seconds):
                await self._connect(client)
                await _send(client, message, sender=mail.sender.addr_spec, to=to)
        except TimeoutError as error:
            raise MailDelayed(f"no answer from the mail server within {self._timeout_seconds:g} s") from error
        except ConnectionError as error:
            raise MailDelayed(f"the mail server can't be reached ({type(error).__name__})") from error
        else:
            # The mail is accepted: how the connection ends changes nothing about that.
            with suppress(aiosmtplib.SMTPException, ConnectionError, TimeoutError):
                await client.quit(timeout=_GOODBYE_SECONDS)
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            local_hostname=self._helo,
            timeout=self._timeout_seconds,
            use_tls=server.line is Line.TLS,
            start_tls=server.line is Line.STARTTLS,
            tls_context=None if server.line is Line.PLAIN else self._tls or trusted_tls(),
        )

    async def _connect(self, client: aiosmtplib.SMTP) -> None:
        try:
            await client.connect()
        except (aiosmtplib.SMTPTimeoutError, aiosmtplib.SMTPConnectError):
            raise
        except (aiosmtplib.SMTPException, ssl.SSLError) as error:
            # Greeting, STARTTLS, log-in: an operator's matter, told in the server's words (no recipient was named).
            raise MailDelayed(f"the mail server does not let us in: {str(error)[:200]}") from error


async def _send(client: aiosmtplib.SMTP, message: EmailMessage, *, sender: str, to: str) -> None:
    try:
        await client.send_message(message, sender=sender, recipients=[to])
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _verdict(error.recipients[0], to, stage="recipient") from None
    except aiosmtplib.SMTPDataError as error:
        raise _verdict(error, to, stage="message") from None
    except aiosmtplib.SMTPNotSupported:
        raise MailRefused("the mail server takes ASCII addresses only", code=553) from None
    except aiosmtplib.SMTPResponseException as error:
        said = without_recipient(error.message, to)
        raise MailDelayed(f"the mail server does not take mails from us: {error.code} {said}") from None


def _verdict(error: aiosmtplib.SMTPResponseException, to: str, *, stage: str) -> MailRefused | MailDelayed:
    # Without its cause: the server's text names the recipient, and tracebacks are logged.
    said = f"{stage}: {error.code} {without_recipient(error.message, to)}"
    return MailRefused(said, code=error.code) if is_final(error.code) else MailDelayed(said)
