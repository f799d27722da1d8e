"""What is known of an e-mail when a login begins: its account and its wrong passwords, in one round trip."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cleanly.domain.auth.attempts import service as attempts
from cleanly.domain.users import queries as users
from cleanly.domain.users.queries import Credentials
from cleanly.kernel.pgconn import PatientConnection

# One row, whether there are both, one or none of them.
_KNOWN = f"""
    SELECT account.*, counted.* FROM (SELECT) AS login
    LEFT JOIN ({users.FOR_LOGIN}) AS account ON true
    LEFT JOIN ({attempts.COUNTED}) AS counted ON true
"""  # noqa: S608 - the slices' own texts  # nosec B608


@dataclass(frozen=True, slots=True)
class Known:
    """`credentials`: None without an account. `had_failed`: wrong passwords came of late, to a real account or not.

    `blocked_until`: when the next one may be tried, if it ever had to wait.
    """

    credentials: Credentials | None
    had_failed: bool
    blocked_until: datetime | None


async def known_of(connection: PatientConnection, email: str) -> Known:
    """Look; `email` in its normal form."""
    values = {"email": email, "account": attempts.account_of(email)}
    found: Any = await (await connection.execute(_KNOWN, values)).fetchone()
    *account, failures, blocked_until = found
    return Known(users.credentials_in(account), failures is not None, blocked_until)
