"""What mail offers the process. `pages` is the mailbox: never included in production."""

from cleanly.kernel.module import Module
from cleanly.platform.mail.jobs import JOBS
from cleanly.platform.mail.routes import pages

module = Module("mail", pages=pages, jobs=JOBS)
