"""Scheduled work's registration value: a table, no routes."""

from cleanly.kernel.module import Module
from cleanly.platform.cron import models

_ = models  # its table belongs to the schema that migrations are compared with

module = Module("cron")
