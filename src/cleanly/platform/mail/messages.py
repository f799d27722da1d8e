"""The mails there are, and the work of sending one."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from cleanly.kernel.messages import Task


class Template(StrEnum):
    """One kind of mail. Each has a text and an HTML file of its name."""

    VERIFY = "verify"
    RESET = "reset"
    REUSE_ALARM = "reuse_alarm"
    EMAIL_CHANGED = "email_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a mail's name
    EXISTING_ACCOUNT = "existing_account"
    ENDPOINT_FAILING = "endpoint_failing"
    ENDPOINT_DISABLED = "endpoint_disabled"
    RENEWAL_FAILED = "renewal_failed"
    DESTINATION_CHANGED = "destination_changed"
    DAILY_REPORT = "daily_report"


# The values that a mail needs, no more and no fewer. `name` may be empty.
NEEDS: Mapping[Template, frozenset[str]] = {
    Template.VERIFY: frozenset({"name", "token"}),
    Template.RESET: frozenset({"name", "token"}),
    Template.REUSE_ALARM: frozenset({"name"}),
    Template.EMAIL_CHANGED: frozenset({"name", "email"}),
    Template.PASSWORD_CHANGED: frozenset({"name"}),
    Template.EXISTING_ACCOUNT: frozenset({"name"}),
    Template.ENDPOINT_FAILING: frozenset({"name", "host", "since"}),
    Template.ENDPOINT_DISABLED: frozenset({"name", "host", "since"}),
    Template.RENEWAL_FAILED: frozenset({"name", "plan", "until"}),
    Template.DESTINATION_CHANGED: frozenset({"name", "destination", "provider"}),
    Template.DAILY_REPORT: frozenset({"name", "day", "figures"}),
}

_LINK = timedelta(hours=1)
_NEWS = timedelta(days=3)
# How long a mail is worth sending: one with a dead link is not, an alarm is for days.
LIVES: Mapping[Template, timedelta] = {
    Template.VERIFY: _LINK,
    Template.RESET: _LINK,
    Template.REUSE_ALARM: _NEWS,
    Template.EMAIL_CHANGED: _NEWS,
    Template.PASSWORD_CHANGED: _NEWS,
    Template.EXISTING_ACCOUNT: _NEWS,
    Template.ENDPOINT_FAILING: _NEWS,
    Template.ENDPOINT_DISABLED: _NEWS,
    Template.RENEWAL_FAILED: _NEWS,
    Template.DESTINATION_CHANGED: _NEWS,
    Template.DAILY_REPORT: _NEWS,
}


class SendMail(BaseModel):
    """One mail to send. `sealed` hides the recipient and the values (a reset token is one) from the jobs table.

    `id` names the mail for ever: a second sending of it carries the same Message-ID.
    """

    id: UUID
    template: Template
    sealed: str
    expires_at: AwareDatetime


SEND = Task("mail.send", SendMail, attempts_max=12)
