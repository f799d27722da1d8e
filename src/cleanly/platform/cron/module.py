"""Scheduled work's registration value: a table, no routes."""

from cleanly.kernel.module import Module
from cleanly.platform.cron.errors import NoSuchCron
from cleanly.platform.cron.flows import fire_due, keep_time, run_once

__all__ = ["NoSuchCron", "fire_due", "keep_time", "module", "run_once"]

module = Module("cron")
