"""When to try again, and when to stop. Pure: attempts and chance in, seconds out."""

_DOUBLINGS_MAX = 40  # far past any ceiling, and far below what a float can't hold
_SPREAD = 0.2


def backoff_seconds(attempt: int, *, chance: float, first: float = 5.0, most: float = 3600.0) -> float:
    """How long to wait after the failed `attempt` (1 is the first): doubled each time up to `most`, then ±20 %.

    The spread keeps jobs that failed together, because of one outage, from coming back together.
    `chance` is uniform in [0, 1).
    """
    doubled = min(first * 2.0 ** min(attempt - 1, _DOUBLINGS_MAX), most)
    return doubled * (1 - _SPREAD + 2 * _SPREAD * chance)


def is_last(attempt: int, *, attempts_max: int) -> bool:
    """Whether a failure of this attempt (1 is the first) makes the job dead."""
    return attempt >= attempts_max
