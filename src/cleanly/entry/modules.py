"""The table of contents: every slice this process runs, bottom floor first."""

from cleanly.domain.auth.module import module as auth
from cleanly.domain.catalog.module import module as catalog
from cleanly.domain.entitlements.module import module as entitlements
from cleanly.domain.ledger.module import module as ledger
from cleanly.domain.payments.module import module as payments
from cleanly.domain.payouts.module import module as payouts
from cleanly.domain.reports.module import module as reports
from cleanly.domain.subscriptions.module import module as subscriptions
from cleanly.domain.users.module import module as users
from cleanly.entry.backup.module import module as backup
from cleanly.kernel.module import Module
from cleanly.platform.audit.module import module as audit
from cleanly.platform.cron.module import module as cron
from cleanly.platform.idempotency.module import module as idempotency
from cleanly.platform.jobs.module import module as jobs
from cleanly.platform.mail.module import module as mail
from cleanly.platform.passwords.module import module as passwords
from cleanly.platform.providers.module import module as providers
from cleanly.platform.providers.sandbox.module import module as sandbox
from cleanly.platform.webhooks.inbound.module import module as inbound
from cleanly.platform.webhooks.outbound.module import module as outbound

MODULES: tuple[Module, ...] = (
    jobs,
    cron,
    mail,
    idempotency,
    audit,
    passwords,
    providers,
    sandbox,
    inbound,
    outbound,
    users,
    auth,
    ledger,
    catalog,
    entitlements,
    payments,
    subscriptions,
    payouts,
    reports,
    backup,
)
