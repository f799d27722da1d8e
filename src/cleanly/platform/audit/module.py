"""What the audit record offers the process: its table."""

from cleanly.kernel.module import Module
from cleanly.platform.audit.models import AuditRow

__all__ = ["AuditRow", "module"]

module = Module("audit")
