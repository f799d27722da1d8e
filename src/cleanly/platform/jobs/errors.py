"""Why a job can't be run at all. Nobody outside waits for an answer, so these are no AppErrors."""


class UnreadableJob(Exception):
    """What is stored doesn't fit the task's payload: trying again changes nothing. Holds field names, no values."""
