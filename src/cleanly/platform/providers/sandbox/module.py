"""What the sandbox provider offers the process."""

from cleanly.kernel.module import Module
from cleanly.platform.providers.sandbox.jobs import JOBS
from cleanly.platform.providers.sandbox.routes import router

module = Module("sandbox", router=router, jobs=JOBS)
