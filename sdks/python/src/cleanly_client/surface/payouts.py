"""What a seller has, and how it gets to the seller. Written by `python -m sdks.generate`, which is `make sdks`; see docs/adr/0019-client-sdks.md."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from cleanly_client import models, wire
from cleanly_client.calls import Call, Given
from cleanly_client.groups import AsyncGroup, Group
from cleanly_client.money import Money
from cleanly_client.pages import AsyncPages, Pages
from cleanly_client.unset import UNSET, Unset

_OPEN_PAYOUT_ACCOUNT: Call[models.PayoutAccount] = Call(
    "open_payout_account", "POST", "/api/v1/payout-accounts", wire.reader(models.PayoutAccount)
)
_LIST_PAYOUT_ACCOUNTS: Call[models.PayoutAccounts] = Call(
    "list_payout_accounts", "GET", "/api/v1/payout-accounts", wire.reader(models.PayoutAccounts)
)
_READ_MY_PAYOUT_ACCOUNT: Call[models.PayoutAccount] = Call(
    "read_my_payout_account", "GET", "/api/v1/payout-accounts/me", wire.reader(models.PayoutAccount)
)
_CHANGE_PAYOUT_ACCOUNT: Call[models.PayoutAccount] = Call(
    "change_payout_account", "PUT", "/api/v1/payout-accounts/{id}", wire.reader(models.PayoutAccount)
)
_READ_BALANCE: Call[models.Balances] = Call("read_balance", "GET", "/api/v1/balance", wire.reader(models.Balances))
_LIST_TRANSACTIONS: Call[wire.Page[models.Transaction]] = Call(
    "list_transactions", "GET", "/api/v1/transactions", wire.pages(models.Transaction)
)
_READ_STATEMENT: Call[models.Statement] = Call(
    "read_statement", "GET", "/api/v1/statements/{month}", wire.reader(models.Statement)
)
_REQUEST_PAYOUT: Call[models.Payout] = Call("request_payout", "POST", "/api/v1/payouts", wire.reader(models.Payout))
_LIST_PAYOUTS: Call[wire.Page[models.Payout]] = Call(
    "list_payouts", "GET", "/api/v1/payouts", wire.pages(models.Payout)
)
_READ_PAYOUT: Call[models.Payout] = Call("read_payout", "GET", "/api/v1/payouts/{id}", wire.reader(models.Payout))
_CANCEL_PAYOUT: Call[models.Payout] = Call(
    "cancel_payout", "POST", "/api/v1/payouts/{id}/cancel", wire.reader(models.Payout)
)
_READ_PAYOUT_SCHEDULE: Call[models.PayoutSchedule] = Call(
    "read_payout_schedule", "GET", "/api/v1/payout-schedule", wire.reader(models.PayoutSchedule)
)
_SET_PAYOUT_SCHEDULE: Call[models.PayoutSchedule] = Call(
    "set_payout_schedule", "PUT", "/api/v1/payout-schedule", wire.reader(models.PayoutSchedule)
)
_LIST_TRANSACTIONS_CSV: Call[str] = Call(
    "list_transactions", "GET", "/api/v1/transactions", wire.anything, is_text=True
)
_READ_STATEMENT_CSV: Call[str] = Call(
    "read_statement", "GET", "/api/v1/statements/{month}", wire.anything, is_text=True
)


class Payouts(Group):
    """What a seller has, and how it gets to the seller."""

    def open_account(
        self,
        *,
        provider: Literal["stripe", "paypal", "sandbox"],
        country: str,
        currencies: Sequence[str] | Unset = UNSET,
        payee: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.PayoutAccount:
        """Say where I want to be paid.

        One per provider: asked for again, it is answered as it stands (200), with a fresh `onboarding_url`.

        The first is the default, by which payouts go. One that the provider has closed is replaced by a new one.

        `country`: ISO 3166-1 alpha-2.

        `currencies`: In which the seller will sell; others may come.

        Raises:
            Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _OPEN_PAYOUT_ACCOUNT,
            Given(
                {},
                {},
                body={"provider": provider, "country": country, "currencies": currencies, "payee": payee},
                key=idempotency_key,
            ),
        )

    def accounts(self) -> models.PayoutAccounts:
        """Where I am paid.

        At most one per provider, the default first, as last seen. `onboarding_url` is null here: see `me`.
        """
        return self._caller.call(_LIST_PAYOUT_ACCOUNTS, Given({}, {}))

    def my_account(self, *, provider: Literal["stripe", "paypal", "sandbox"] | Unset = UNSET) -> models.PayoutAccount:
        """How far my onboarding is.

        The default account, or the one at `provider`. The provider is asked, at most every two seconds.

        While something is missing, `onboarding_url` is a fresh link for a single visit: open it at once, never keep it.

        Raises:
            NotFound, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_MY_PAYOUT_ACCOUNT, Given({}, {"provider": provider}))

    def change_account(
        self,
        id: UUID | str,
        *,
        current_password: str,
        payee: str | Unset | None = UNSET,
        is_default: bool | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.PayoutAccount:
        """Send my money elsewhere.

        Another PayPal payee, or another account for payouts. Payouts to a new place rest for some days first.

        A bank account at Stripe is changed in Stripe's own pages.

        `id`: A payout account's id.

        Raises:
            ReauthenticationRequired, NotFound, Conflict, UnsupportedByProvider, AccountTemporarilyLocked, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _CHANGE_PAYOUT_ACCOUNT,
            Given(
                {"id": id},
                {},
                body={"payee": payee, "isDefault": is_default, "currentPassword": current_password},
                key=idempotency_key,
            ),
        )

    def balance(self) -> models.Balances:
        """What I have, per currency.

        All of it at one moment. Empty for who has never sold anything.
        """
        return self._caller.call(_READ_BALANCE, Given({}, {}))

    def transactions(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        type: str | Unset = UNSET,
        currency: str | Unset = UNSET,
        from_: datetime | Unset = UNSET,
        to: datetime | Unset = UNSET,
        object: UUID | str | Unset = UNSET,
    ) -> Pages[models.Transaction]:
        """What happened to my money.

        Newest first. As CSV the whole of it is sent as one file, narrowed by the same filters, without pages.

        `limit`: Rows per page.

        `type`: What happened: `refund.made`, or `refund` for all that begin so.

        `from_`: The first instant, or a date in UTC.

        `to`: The instant, or the date in UTC, before which it ends.

        `object`: A payment's id, with its refunds and disputes; or one of these alone.
        """
        return self._pages(
            _LIST_TRANSACTIONS,
            Given(
                {},
                {
                    "limit": limit,
                    "cursor": cursor,
                    "type": type,
                    "currency": currency,
                    "from": from_,
                    "to": to,
                    "object": object,
                },
            ),
        )

    def statement(self, month: str) -> models.Statement:
        """A month's statement.

        Opening balance and the sums by type make the closing balance, which the next month opens with.

        `month`: Year and month, in UTC.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_STATEMENT, Given({"month": month}, {}))

    def request(
        self, *, amount: int, currency: str, provider: str | Unset | None = UNSET, idempotency_key: str | None = None
    ) -> models.Payout:
        """Pay out what is available.

        Set the amount aside and send it to where payouts go now. One at a time per currency.

        The first, an unusual one, and one soon after a change of the destination wait until somebody has looked at
        them.

        Raises:
            InvalidState, Conflict, InsufficientBalance, UnsupportedByProvider: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _REQUEST_PAYOUT,
            Given({}, {}, body={"amount": amount, "currency": currency, "provider": provider}, key=idempotency_key),
        )

    def list(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        state: Literal[
            "requested", "held", "sending", "unknown", "in_transit", "paid", "failed", "returned", "canceled"
        ]
        | Unset = UNSET,
        currency: str | Unset = UNSET,
    ) -> Pages[models.Payout]:
        """My payouts.

        Newest first.

        `limit`: Rows per page.
        """
        return self._pages(
            _LIST_PAYOUTS, Given({}, {"limit": limit, "cursor": cursor, "state": state, "currency": currency})
        )

    def get(self, id: UUID | str) -> models.Payout:
        """Look at a payout.

        One's own.

        `id`: The payout's id.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_PAYOUT, Given({"id": id}, {}))

    def cancel(self, id: UUID | str, *, idempotency_key: str | None = None) -> models.Payout:
        """Give a payout up.

        While it has not left: the money is available again at once.

        `id`: The payout's id.

        Raises:
            NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_CANCEL_PAYOUT, Given({"id": id}, {}, key=idempotency_key))

    def schedule(self) -> models.PayoutSchedule:
        """When I am paid out.

        By hand, unless something else was set.
        """
        return self._caller.call(_READ_PAYOUT_SCHEDULE, Given({}, {}))

    def set_schedule(
        self,
        *,
        interval: Literal["manual", "daily", "weekly", "monthly"],
        weekday: int | Unset | None = UNSET,
        day: int | Unset | None = UNSET,
        minimums: Sequence[Money] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.PayoutSchedule:
        """Choose when I am paid out.

        At 06:00 UTC of the day. What a bank can't take exactly, and what is below the minimum, stays available.

        Raises:
            Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _SET_PAYOUT_SCHEDULE,
            Given(
                {},
                {},
                body={"interval": interval, "weekday": weekday, "day": day, "minimums": minimums},
                key=idempotency_key,
            ),
        )

    def transactions_csv(
        self,
        *,
        type: str | Unset = UNSET,
        currency: str | Unset = UNSET,
        from_: datetime | Unset = UNSET,
        to: datetime | Unset = UNSET,
        object: UUID | str | Unset = UNSET,
    ) -> str:
        """What happened to my money, as one CSV file.

        Whole or not at all: a torn one is fetched again.
        """
        return self._caller.call(
            _LIST_TRANSACTIONS_CSV,
            Given({}, {"type": type, "currency": currency, "from": from_, "to": to, "object": object}),
        )

    def statement_csv(self, month: str) -> str:
        """A month's statement, as one CSV file.

        Whole or not at all: a torn one is fetched again.
        """
        return self._caller.call(_READ_STATEMENT_CSV, Given({"month": month}, {}))


class AsyncPayouts(AsyncGroup):
    """What a seller has, and how it gets to the seller."""

    async def open_account(
        self,
        *,
        provider: Literal["stripe", "paypal", "sandbox"],
        country: str,
        currencies: Sequence[str] | Unset = UNSET,
        payee: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.PayoutAccount:
        """Say where I want to be paid.

        One per provider: asked for again, it is answered as it stands (200), with a fresh `onboarding_url`.

        The first is the default, by which payouts go. One that the provider has closed is replaced by a new one.

        `country`: ISO 3166-1 alpha-2.

        `currencies`: In which the seller will sell; others may come.

        Raises:
            Conflict, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _OPEN_PAYOUT_ACCOUNT,
            Given(
                {},
                {},
                body={"provider": provider, "country": country, "currencies": currencies, "payee": payee},
                key=idempotency_key,
            ),
        )

    async def accounts(self) -> models.PayoutAccounts:
        """Where I am paid.

        At most one per provider, the default first, as last seen. `onboarding_url` is null here: see `me`.
        """
        return await self._caller.call(_LIST_PAYOUT_ACCOUNTS, Given({}, {}))

    async def my_account(
        self, *, provider: Literal["stripe", "paypal", "sandbox"] | Unset = UNSET
    ) -> models.PayoutAccount:
        """How far my onboarding is.

        The default account, or the one at `provider`. The provider is asked, at most every two seconds.

        While something is missing, `onboarding_url` is a fresh link for a single visit: open it at once, never keep it.

        Raises:
            NotFound, UnsupportedByProvider, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_MY_PAYOUT_ACCOUNT, Given({}, {"provider": provider}))

    async def change_account(
        self,
        id: UUID | str,
        *,
        current_password: str,
        payee: str | Unset | None = UNSET,
        is_default: bool | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.PayoutAccount:
        """Send my money elsewhere.

        Another PayPal payee, or another account for payouts. Payouts to a new place rest for some days first.

        A bank account at Stripe is changed in Stripe's own pages.

        `id`: A payout account's id.

        Raises:
            ReauthenticationRequired, NotFound, Conflict, UnsupportedByProvider, AccountTemporarilyLocked, ProviderError, ProviderTimeout: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _CHANGE_PAYOUT_ACCOUNT,
            Given(
                {"id": id},
                {},
                body={"payee": payee, "isDefault": is_default, "currentPassword": current_password},
                key=idempotency_key,
            ),
        )

    async def balance(self) -> models.Balances:
        """What I have, per currency.

        All of it at one moment. Empty for who has never sold anything.
        """
        return await self._caller.call(_READ_BALANCE, Given({}, {}))

    def transactions(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        type: str | Unset = UNSET,
        currency: str | Unset = UNSET,
        from_: datetime | Unset = UNSET,
        to: datetime | Unset = UNSET,
        object: UUID | str | Unset = UNSET,
    ) -> AsyncPages[models.Transaction]:
        """What happened to my money.

        Newest first. As CSV the whole of it is sent as one file, narrowed by the same filters, without pages.

        `limit`: Rows per page.

        `type`: What happened: `refund.made`, or `refund` for all that begin so.

        `from_`: The first instant, or a date in UTC.

        `to`: The instant, or the date in UTC, before which it ends.

        `object`: A payment's id, with its refunds and disputes; or one of these alone.
        """
        return self._pages(
            _LIST_TRANSACTIONS,
            Given(
                {},
                {
                    "limit": limit,
                    "cursor": cursor,
                    "type": type,
                    "currency": currency,
                    "from": from_,
                    "to": to,
                    "object": object,
                },
            ),
        )

    async def statement(self, month: str) -> models.Statement:
        """A month's statement.

        Opening balance and the sums by type make the closing balance, which the next month opens with.

        `month`: Year and month, in UTC.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_STATEMENT, Given({"month": month}, {}))

    async def request(
        self, *, amount: int, currency: str, provider: str | Unset | None = UNSET, idempotency_key: str | None = None
    ) -> models.Payout:
        """Pay out what is available.

        Set the amount aside and send it to where payouts go now. One at a time per currency.

        The first, an unusual one, and one soon after a change of the destination wait until somebody has looked at
        them.

        Raises:
            InvalidState, Conflict, InsufficientBalance, UnsupportedByProvider: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _REQUEST_PAYOUT,
            Given({}, {}, body={"amount": amount, "currency": currency, "provider": provider}, key=idempotency_key),
        )

    def list(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        state: Literal[
            "requested", "held", "sending", "unknown", "in_transit", "paid", "failed", "returned", "canceled"
        ]
        | Unset = UNSET,
        currency: str | Unset = UNSET,
    ) -> AsyncPages[models.Payout]:
        """My payouts.

        Newest first.

        `limit`: Rows per page.
        """
        return self._pages(
            _LIST_PAYOUTS, Given({}, {"limit": limit, "cursor": cursor, "state": state, "currency": currency})
        )

    async def get(self, id: UUID | str) -> models.Payout:
        """Look at a payout.

        One's own.

        `id`: The payout's id.

        Raises:
            NotFound: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_PAYOUT, Given({"id": id}, {}))

    async def cancel(self, id: UUID | str, *, idempotency_key: str | None = None) -> models.Payout:
        """Give a payout up.

        While it has not left: the money is available again at once.

        `id`: The payout's id.

        Raises:
            NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_CANCEL_PAYOUT, Given({"id": id}, {}, key=idempotency_key))

    async def schedule(self) -> models.PayoutSchedule:
        """When I am paid out.

        By hand, unless something else was set.
        """
        return await self._caller.call(_READ_PAYOUT_SCHEDULE, Given({}, {}))

    async def set_schedule(
        self,
        *,
        interval: Literal["manual", "daily", "weekly", "monthly"],
        weekday: int | Unset | None = UNSET,
        day: int | Unset | None = UNSET,
        minimums: Sequence[Money] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.PayoutSchedule:
        """Choose when I am paid out.

        At 06:00 UTC of the day. What a bank can't take exactly, and what is below the minimum, stays available.

        Raises:
            Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _SET_PAYOUT_SCHEDULE,
            Given(
                {},
                {},
                body={"interval": interval, "weekday": weekday, "day": day, "minimums": minimums},
                key=idempotency_key,
            ),
        )

    async def transactions_csv(
        self,
        *,
        type: str | Unset = UNSET,
        currency: str | Unset = UNSET,
        from_: datetime | Unset = UNSET,
        to: datetime | Unset = UNSET,
        object: UUID | str | Unset = UNSET,
    ) -> str:
        """What happened to my money, as one CSV file.

        Whole or not at all: a torn one is fetched again.
        """
        return await self._caller.call(
            _LIST_TRANSACTIONS_CSV,
            Given({}, {"type": type, "currency": currency, "from": from_, "to": to, "object": object}),
        )

    async def statement_csv(self, month: str) -> str:
        """A month's statement, as one CSV file.

        Whole or not at all: a torn one is fetched again.
        """
        return await self._caller.call(_READ_STATEMENT_CSV, Given({"month": month}, {}))
