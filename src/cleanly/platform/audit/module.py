"""What the audit record offers the process: its table."""

from cleanly.kernel.module import Module
from cleanly.platform.audit.models import AuditRow

assert AuditRow.__tablename__ == "audit_events"
module = Module("audit")
