"""Which errors of the database go away by themselves: these are a 503, the others are faults."""

import contextlib
from collections.abc import Generator

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cleanly.kernel.dbwatch import count_error
from cleanly.kernel.errors import Unavailable

# Connection lost, out of resources, shutting down, or cancelled by a timeout: waiting helps, logging in does not.
_PASSING = ("08", "53", "57", "25P03", "55P03", "40001", "40P01", "25006")


def is_passing(error: BaseException) -> bool:
    """Whether a database error goes away by itself: the caller gets a 503, a job tries again."""
    if isinstance(error, PoolTimeout):
        return True
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        cause: BaseException | None = error.orig
    else:
        cause = error
    if not isinstance(cause, psycopg.Error):
        return False
    if cause.sqlstate is None:  # raised by the driver, not the server: the socket, TLS, or a name that won't resolve
        return isinstance(cause, psycopg.OperationalError)
    return cause.sqlstate.startswith(_PASSING)


def refuse(error: BaseException) -> None:
    """Count what ended a transaction, if the database did; what goes away by itself is a 503."""
    if isinstance(error, (DBAPIError, PoolTimeout, psycopg.Error)):
        count_error(error)
        if is_passing(error):
            raise Unavailable from error


@contextlib.contextmanager
def refusing() -> Generator[None, None, None]:
    """Every error within the block is looked at by `refuse`."""
    try:
        yield
    except Exception as error:
        refuse(error)
        raise
