"""The door of this machine: ask for a mail in the transaction that is its reason. Nothing is rendered or sent here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.kernel.clock import Clock
from cleanly.kernel.crypto import Unsealable, b64url, b64url_decode, derive, seal, unseal
from cleanly.kernel.ids import new_id
from cleanly.platform.jobs import service as jobs
from cleanly.platform.mail.messages import LIVES, NEEDS, SEND, SendMail, Template
from cleanly.platform.mail.outbox import Mail, Mailbox, Outbox, Smtp
from cleanly.platform.mail.render import Templates
from cleanly.platform.mail.rules import Budget, on_the_wire, parse_recipient, parse_sender
from cleanly.platform.mail.settings import MailSettings

__all__ = ["Mailer", "Template"]


@dataclass(frozen=True, slots=True)
class _Letter:
    to: str
    values: Mapping[str, str]


class Mailer:
    """What a process holds to deal with mail: a part of the Context."""

    def __init__(
        self,
        settings: MailSettings,
        *,
        secrets: Sequence[bytes],
        clock: Clock,
        outbox: Outbox | None = None,
    ) -> None:
        """`secrets`: the server's, the one in force first, older ones after it. `outbox` replaces the settings'.

        Raises:
            ValueError: no secret.
        """
        if not secrets:
            raise ValueError("mails are sealed: hand in a secret")
        self._keys = tuple(derive(secret, "cleanly/mail/v1") for secret in secrets)
        self._clock = clock
        self._sender = on_the_wire(parse_sender(settings.mail_from))
        self.outbox: Outbox = outbox or _outbox(settings, helo=self._sender.domain)
        self.budget = Budget(settings.mail_per_minute_max)
        self.link_base = settings.app_link_base  # where the app's own pages are
        self.templates = Templates(product=self._sender.display_name or self._sender.domain, base=self.link_base)

    @property
    def mailbox(self) -> Mailbox | None:
        """The mailbox, if mails stay in this process."""
        return self.outbox if isinstance(self.outbox, Mailbox) else None

    async def enqueue(
        self,
        session: AsyncSession,
        *,
        to: str,
        template: Template,
        values: Mapping[str, str],
        expires_at: datetime | None = None,
    ) -> None:
        """Ask for a mail; it goes out if the transaction commits. After `expires_at` it is not worth sending.

        Raises:
            ValueError: `to` is no address, or the values are not exactly those that the template needs.
        """
        payload = self.payload(to=to, template=template, values=values, expires_at=expires_at)
        await jobs.enqueue(session, SEND, payload)

    def payload(
        self, *, to: str, template: Template, values: Mapping[str, str], expires_at: datetime | None = None
    ) -> SendMail:
        """The job that sends this mail, sealed.

        Raises:
            ValueError: as `enqueue`.
        """
        parse_recipient(to)
        if frozenset(values) != NEEDS[template]:
            raise ValueError(f"the mail {template} needs {sorted(NEEDS[template])}, not {sorted(values)}")
        mail_id = new_id()
        plain = json.dumps({"to": to, "values": dict(values)}).encode()
        return SendMail(
            id=mail_id,
            template=template,
            sealed=b64url(seal(self._keys[0], plain, _purpose(mail_id.bytes, template))),
            expires_at=expires_at or self._clock.now() + LIVES[template],
        )

    def write(self, payload: SendMail) -> Mail:
        """Unseal and render.

        Raises:
            Unsealable: no secret of ours opens it.
        """
        letter = self._open(payload)
        words = self.templates.render(payload.template, letter.values)
        return Mail(
            message_id=f"<{payload.id}@{self._sender.domain}>",
            sender=self._sender,
            to=parse_recipient(letter.to),
            subject=words.subject,
            text=words.text,
            html=words.html,
            sent_at=self._clock.now(),
        )

    def _open(self, payload: SendMail) -> _Letter:
        sealed, purpose = b64url_decode(payload.sealed), _purpose(payload.id.bytes, payload.template)
        for key in self._keys:
            try:
                found = json.loads(unseal(key, sealed, purpose))
            except Unsealable:  # sealed before the secret was changed: an older one may open it
                continue
            return _Letter(to=found["to"], values=found["values"])
        raise Unsealable(f"no secret opens the mail {payload.id}")


def _purpose(mail_id: bytes, template: Template) -> bytes:
    # Bound to its job: a sealed token can't be moved into another mail.
    return b"mail\0" + mail_id + template.encode()


def _outbox(settings: MailSettings, *, helo: str) -> Outbox:
    server = settings.mail_server
    if server is None:
        return Mailbox()
    return Smtp(server, helo=helo, timeout_seconds=settings.mail_timeout_seconds)
