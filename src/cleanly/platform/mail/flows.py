"""Send one mail: unseal, write, hand over. No transaction is open, and none is needed."""

import structlog

from cleanly.kernel.context import Context
from cleanly.platform.mail import metrics
from cleanly.platform.mail.messages import SendMail
from cleanly.platform.mail.outbox import MailDelayed, MailRefused
from cleanly.platform.mail.service import Mailer

_log = structlog.get_logger(__name__)


async def send(context: Context, payload: SendMail) -> None:
    """Send, or give up for good when the mail is out of date or finally refused.

    Raises:
        MailDelayed: try again later; the next try carries the same Message-ID.
        Unsealable: no secret of ours opens it.
    """
    mailer, now = context.part(Mailer), context.clock.now()
    if now >= payload.expires_at:
        _note(payload, "expired")
        return
    mail = mailer.write(payload)
    if not mailer.budget.take(now):
        _note(payload, "delayed")
        raise MailDelayed("this minute's mails are spent")
    is_sent = False
    try:
        await mailer.outbox.deliver(mail)
        is_sent = True
    except MailRefused as refusal:
        _note(payload, "refused", reason=str(refusal))
        return
    except MailDelayed as delay:
        _note(payload, "delayed", reason=str(delay))
        raise
    finally:
        if not is_sent:
            mailer.budget.give_back(now)
    metrics.SENT.add(1, {"template": payload.template.value})


def _note(payload: SendMail, outcome: str, *, reason: str | None = None) -> None:
    metrics.FAILED.add(1, {"template": payload.template.value, "outcome": outcome})
    _log.warning(
        "mail_not_sent", mail_id=str(payload.id), template=payload.template.value, outcome=outcome, reason=reason
    )
