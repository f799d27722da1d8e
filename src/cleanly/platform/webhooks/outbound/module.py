"""What outbound webhooks offer the process: their table."""

from cleanly.kernel.module import Module
from cleanly.platform.webhooks.outbound.models import MessageRow

__all__ = ["MessageRow", "module"]

module = Module("outbound")
