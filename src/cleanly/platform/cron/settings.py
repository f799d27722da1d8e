"""The knobs of scheduled work."""

from cleanly.kernel.settings import Group, Seconds


class CronSettings(Group):
    """A tick that nobody could fire in time (every worker was down) still fires up to this late; then it is skipped.

    `cron_transaction_seconds_max` bounds a TxJob that `cleanly cron run` runs by itself.
    """

    cron_late_seconds_max: Seconds = 3600
    cron_transaction_seconds_max: Seconds = 60
