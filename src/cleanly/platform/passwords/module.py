"""What passwords offer the process."""

from cleanly.kernel.module import Module
from cleanly.platform.passwords.errors import WeakPassword

module = Module("passwords", errors=(WeakPassword,))
