"""Queued mail work."""

from cleanly.kernel.module import FlowJob
from cleanly.platform.mail import flows
from cleanly.platform.mail.messages import SEND

JOBS = (FlowJob(SEND, flows.send),)
