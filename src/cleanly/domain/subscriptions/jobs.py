"""Scheduled and queued work of subscriptions."""

from cleanly.domain.subscriptions.messages import ACKNOWLEDGE, GIVEN_BACK, JANITOR, MEASURE, SWEEP_VOIDED
from cleanly.domain.subscriptions.play import flows as play
from cleanly.domain.subscriptions.tending import flows as tending
from cleanly.kernel.module import Cron, FlowJob

JOBS = (
    FlowJob(JANITOR, tending.clean),
    FlowJob(GIVEN_BACK, tending.end_what_was_given_back),
    FlowJob(ACKNOWLEDGE, play.acknowledge),
    FlowJob(SWEEP_VOIDED, play.sweep_voided),
    FlowJob(MEASURE, play.measure),
)
CRONS = (
    Cron("* * * * *", JANITOR),
    Cron("*/10 * * * *", GIVEN_BACK),
    Cron("40 3 * * *", SWEEP_VOIDED),
    Cron("*/5 * * * *", MEASURE),
)
