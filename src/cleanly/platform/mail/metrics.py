"""Mails that left and mails that did not."""

from cleanly.kernel.observe import METER

SENT = METER.create_counter("cleanly.mail.sent", unit="{mail}", description="Mails handed over, by template")
FAILED = METER.create_counter(
    "cleanly.mail.failed",
    unit="{mail}",
    description="Tries that sent nothing, by template and outcome: delayed (tried again), refused or expired (final)",
)
