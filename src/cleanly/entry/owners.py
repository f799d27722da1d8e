"""Who is written to about an account's webhook endpoints: its user, or the administrators for the platform's own."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cleanly.domain.users import queries as users
from cleanly.platform.webhooks.outbound.messages import Owner
from cleanly.platform.webhooks.outbound.service import PLATFORM


class AccountOwners:
    """The platform's floor knows accounts by their ids alone; here they are people."""

    async def of_account(self, session: AsyncSession, account_id: UUID) -> Sequence[Owner]:
        """Nobody, if the user was erased."""
        if account_id == PLATFORM:
            return [Owner(admin.name, admin.email) for admin in await users.admins(session)]
        user = await users.by_id(session, account_id)
        return [] if user is None else [Owner(user.name, user.email)]
