"""How an accepted preview is refused."""

from cleanly.kernel.errors import Conflict


class PreviewOutdated(Conflict):
    """The subscription moved, or time passed: `details.preview` is what the change would be now."""

    message = "The change would be another one by now; look at the new preview"
