"""What an administrator does. Written by `python -m sdks.generate`, which is `make sdks`; see docs/adr/0019-client-sdks.md."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

from cleanly_client import models, wire
from cleanly_client.calls import Call, Given
from cleanly_client.groups import AsyncGroup, Group
from cleanly_client.pages import AsyncPages, Pages
from cleanly_client.unset import UNSET, Unset

_LIST_EVENTS: Call[wire.Page[models.InboundEvent]] = Call(
    "list_events", "GET", "/api/v1/admin/inbound-events", wire.pages(models.InboundEvent)
)
_READ_EVENT: Call[models.InboundLetter] = Call(
    "read_event", "GET", "/api/v1/admin/inbound-events/{id}", wire.reader(models.InboundLetter)
)
_REPLAY_EVENT: Call[models.InboundEvent] = Call(
    "replay_event", "POST", "/api/v1/admin/inbound-events/{id}/replay", wire.reader(models.InboundEvent)
)
_REPLAY_EVENTS: Call[models.InboundReplayed] = Call(
    "replay_events", "POST", "/api/v1/admin/inbound-events/replay", wire.reader(models.InboundReplayed)
)
_LIST_SELLERS_PAYOUT_ACCOUNTS: Call[wire.Page[models.PayoutAccountSeen]] = Call(
    "list_sellers_payout_accounts", "GET", "/api/v1/admin/payout-accounts", wire.pages(models.PayoutAccountSeen)
)
_READ_SELLERS_PAYOUT_ACCOUNT: Call[models.PayoutAccountSeen] = Call(
    "read_sellers_payout_account", "GET", "/api/v1/admin/payout-accounts/{id}", wire.reader(models.PayoutAccountSeen)
)
_READ_PAYOUT_STOP: Call[models.PayoutStop] = Call(
    "read_payout_stop", "GET", "/api/v1/admin/payout-stop", wire.reader(models.PayoutStop)
)
_STOP_PAYOUTS: Call[models.PayoutStop] = Call(
    "stop_payouts", "POST", "/api/v1/admin/payout-stop", wire.reader(models.PayoutStop)
)
_RESUME_PAYOUTS: Call[models.PayoutStop] = Call(
    "resume_payouts", "POST", "/api/v1/admin/payout-stop/resume", wire.reader(models.PayoutStop)
)
_LIST_ALL_PAYOUTS: Call[wire.Page[models.ReviewedPayout]] = Call(
    "list_all_payouts", "GET", "/api/v1/admin/payouts", wire.pages(models.ReviewedPayout)
)
_APPROVE_PAYOUT: Call[models.ReviewedPayout] = Call(
    "approve_payout", "POST", "/api/v1/admin/payouts/{id}/approve", wire.reader(models.ReviewedPayout)
)
_HOLD_PAYOUT: Call[models.ReviewedPayout] = Call(
    "hold_payout", "POST", "/api/v1/admin/payouts/{id}/hold", wire.reader(models.ReviewedPayout)
)
_REFUSE_PAYOUT: Call[models.ReviewedPayout] = Call(
    "refuse_payout", "POST", "/api/v1/admin/payouts/{id}/refuse", wire.reader(models.ReviewedPayout)
)
_RETRY_PAYOUT: Call[models.ReviewedPayout] = Call(
    "retry_payout", "POST", "/api/v1/admin/payouts/{id}/retry", wire.reader(models.ReviewedPayout)
)
_CALL_PAYOUT_BACK: Call[models.ReviewedPayout] = Call(
    "call_payout_back", "POST", "/api/v1/admin/payouts/{id}/call-back", wire.reader(models.ReviewedPayout)
)
_ADJUST_BALANCE: Call[models.Adjustment] = Call(
    "adjust_balance", "POST", "/api/v1/admin/adjustments", wire.reader(models.Adjustment)
)
_LIST_ADJUSTMENTS: Call[wire.Page[models.Adjustment]] = Call(
    "list_adjustments", "GET", "/api/v1/admin/adjustments", wire.pages(models.Adjustment)
)
_APPROVE_ADJUSTMENT: Call[models.Adjustment] = Call(
    "approve_adjustment", "POST", "/api/v1/admin/adjustments/{id}/approve", wire.reader(models.Adjustment)
)
_REFUSE_ADJUSTMENT: Call[models.Adjustment] = Call(
    "refuse_adjustment", "POST", "/api/v1/admin/adjustments/{id}/refuse", wire.reader(models.Adjustment)
)
_LIST_DAILY_REPORTS: Call[wire.Page[models.DailyReport]] = Call(
    "list_daily_reports", "GET", "/api/v1/admin/reports", wire.pages(models.DailyReport)
)
_READ_DAILY_REPORT: Call[models.DailyReport] = Call(
    "read_daily_report", "GET", "/api/v1/admin/reports/{day}", wire.reader(models.DailyReport)
)
_LIST_ITEMS: Call[wire.Page[models.ReconciliationItem]] = Call(
    "list_items", "GET", "/api/v1/admin/reconciliation", wire.pages(models.ReconciliationItem)
)
_LIST_REPORTS: Call[wire.Page[models.ReconciliationReport]] = Call(
    "list_reports", "GET", "/api/v1/admin/reconciliation/reports", wire.pages(models.ReconciliationReport)
)
_RESOLVE_ITEM: Call[models.ReconciliationItem] = Call(
    "resolve_item", "POST", "/api/v1/admin/reconciliation/{id}/resolve", wire.reader(models.ReconciliationItem)
)
_READ_SELLER_FEE: Call[models.SellerFee] = Call(
    "read_seller_fee", "GET", "/api/v1/admin/sellers/{seller_id}/fee", wire.reader(models.SellerFee)
)
_AGREE_SELLER_FEE: Call[models.SellerFee] = Call(
    "agree_seller_fee", "PUT", "/api/v1/admin/sellers/{seller_id}/fee", wire.reader(models.SellerFee)
)
_END_SELLER_FEE: Call[None] = Call("end_seller_fee", "DELETE", "/api/v1/admin/sellers/{seller_id}/fee", wire.anything)
_READ_HOLD_TERMS: Call[models.HoldTerms] = Call(
    "read_hold_terms", "GET", "/api/v1/admin/sellers/{seller_id}/hold-terms", wire.reader(models.HoldTerms)
)
_AGREE_HOLD_TERMS: Call[models.HoldTerms] = Call(
    "agree_hold_terms", "PUT", "/api/v1/admin/sellers/{seller_id}/hold-terms", wire.reader(models.HoldTerms)
)
_END_HOLD_TERMS: Call[None] = Call(
    "end_hold_terms", "DELETE", "/api/v1/admin/sellers/{seller_id}/hold-terms", wire.anything
)


class Admin(Group):
    """What an administrator does."""

    def inbound_events(
        self,
        *,
        state: Literal["stored", "done", "ignored", "waiting", "dead"] | Unset = UNSET,
        provider: str | Unset = UNSET,
        type: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
    ) -> Pages[models.InboundEvent]:
        """List provider news.

        Newest first; `state=dead` are those that wait for a person.

        `state`: Only in this state.

        `provider`: Only of this provider.

        `type`: Only of this type.

        `limit`: Rows per page.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(
            _LIST_EVENTS,
            Given({}, {"state": state, "provider": provider, "type": type, "limit": limit, "cursor": cursor}),
        )

    def inbound_event(self, id: str) -> models.InboundLetter:
        """One event with its body and error.

        As it came, without what its headers had of secrets.

        `id`: An event's id here.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_EVENT, Given({"id": id}, {}))

    def replay_inbound_event(self, id: str, *, idempotency_key: str | None = None) -> models.InboundEvent:
        """Act on one event again.

        Whatever became of it before: acting on the same news twice changes nothing.

        `id`: An event's id here.

        Raises:
            Forbidden, NotFound, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_REPLAY_EVENT, Given({"id": id}, {}, key=idempotency_key))

    def replay_inbound_events(
        self,
        *,
        state: Literal["dead", "waiting", "ignored", "done"] | Unset = UNSET,
        provider: str | Unset | None = UNSET,
        type: str | Unset | None = UNSET,
        since: datetime | Unset | None = UNSET,
        cursor: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.InboundReplayed:
        """Act on many events again.

        All of a type, or since a time, or both: two hundred a call.

        `since`: Received at this moment or later.

        Raises:
            Forbidden, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _REPLAY_EVENTS,
            Given(
                {},
                {},
                body={"state": state, "provider": provider, "type": type, "since": since, "cursor": cursor},
                key=idempotency_key,
            ),
        )

    def payout_accounts(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        status: Literal["pending", "enabled", "restricted", "disabled"] | Unset = UNSET,
        provider: Literal["stripe", "paypal", "sandbox"] | Unset = UNSET,
        seller: UUID | str | Unset = UNSET,
    ) -> Pages[models.PayoutAccountSeen]:
        """Sellers' payout accounts.

        Newest first, those that were given up too. For admins.

        `limit`: Rows per page.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(
            _LIST_SELLERS_PAYOUT_ACCOUNTS,
            Given({}, {"limit": limit, "cursor": cursor, "status": status, "provider": provider, "seller": seller}),
        )

    def payout_account(self, id: UUID | str) -> models.PayoutAccountSeen:
        """One seller's payout account.

        As it was last seen. For admins.

        `id`: A payout account's id.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_SELLERS_PAYOUT_ACCOUNT, Given({"id": id}, {}))

    def payout_stop(self) -> models.PayoutStop:
        """Whether payouts are sent.

        A fault in the ledger stops them by itself. For admins.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_PAYOUT_STOP, Given({}, {}))

    def stop_payouts(self, *, reason: str, idempotency_key: str | None = None) -> models.PayoutStop:
        """Stop all payouts.

        Nothing new is sent; what is on its way is watched as ever. For admins.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_STOP_PAYOUTS, Given({}, {}, body={"reason": reason}, key=idempotency_key))

    def resume_payouts(self, *, idempotency_key: str | None = None) -> models.PayoutStop:
        """Send payouts again.

        Those that waited go within minutes. For admins.

        Raises:
            Forbidden, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_RESUME_PAYOUTS, Given({}, {}, key=idempotency_key))

    def payouts(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        state: Literal[
            "requested", "held", "sending", "unknown", "in_transit", "paid", "failed", "returned", "canceled"
        ]
        | Unset = UNSET,
        seller_id: UUID | str | Unset = UNSET,
    ) -> Pages[models.ReviewedPayout]:
        """Everybody's payouts.

        Newest first; `state=held` are those that wait for a person. For admins.

        `limit`: Rows per page.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(
            _LIST_ALL_PAYOUTS, Given({}, {"limit": limit, "cursor": cursor, "state": state, "sellerId": seller_id})
        )

    def approve_payout(
        self, id: UUID | str, *, reason: str, idempotency_key: str | None = None
    ) -> models.ReviewedPayout:
        """Let a held payout go.

        It is sent at once. For admins, and never for one's own payout.

        `id`: The payout's id.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_APPROVE_PAYOUT, Given({"id": id}, {}, body={"reason": reason}, key=idempotency_key))

    def hold_payout(self, id: UUID | str, *, reason: str, idempotency_key: str | None = None) -> models.ReviewedPayout:
        """Hold a payout.

        One that has not left, until somebody approves or refuses it. For admins.

        `id`: The payout's id.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_HOLD_PAYOUT, Given({"id": id}, {}, body={"reason": reason}, key=idempotency_key))

    def refuse_payout(
        self, id: UUID | str, *, reason: str, idempotency_key: str | None = None
    ) -> models.ReviewedPayout:
        """Refuse a payout.

        One that has not left; the money is available again. For admins.

        `id`: The payout's id.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_REFUSE_PAYOUT, Given({"id": id}, {}, body={"reason": reason}, key=idempotency_key))

    def retry_payout(self, id: UUID | str, *, reason: str, idempotency_key: str | None = None) -> models.ReviewedPayout:
        """Go on with a payout now.

        Look at the provider again and ask again what has had no answer, under the same key. For admins.

        One that is over stays so: its money is available, and may be paid out anew.

        `id`: The payout's id.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_RETRY_PAYOUT, Given({"id": id}, {}, body={"reason": reason}, key=idempotency_key))

    def call_payout_back(
        self, id: UUID | str, *, reason: str, idempotency_key: str | None = None
    ) -> models.ReviewedPayout:
        """Call a payout back.

        Ask the provider for one that is on its way: PayPal gives back what nobody has claimed, Stripe what is pending.

        What it answers shows in the payout's state a moment later; too late for it: nothing changes. For admins.

        `id`: The payout's id.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_CALL_PAYOUT_BACK, Given({"id": id}, {}, body={"reason": reason}, key=idempotency_key))

    def adjust_balance(
        self,
        *,
        seller_id: UUID | str,
        kind: Literal["credit", "debit", "write_off"],
        amount: int,
        currency: str,
        reason: str,
        description: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Adjustment:
        """Adjust a seller's balance.

        Posted at once, or pending where it takes another administrator. For admins.

        Raises:
            Forbidden, NotFound, InsufficientBalance, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _ADJUST_BALANCE,
            Given(
                {},
                {},
                body={
                    "sellerId": seller_id,
                    "kind": kind,
                    "amount": amount,
                    "currency": currency,
                    "reason": reason,
                    "description": description,
                },
                key=idempotency_key,
            ),
        )

    def adjustments(
        self,
        *,
        state: Literal["pending", "posted", "refused"] | Unset = UNSET,
        seller_id: UUID | str | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
    ) -> Pages[models.Adjustment]:
        """List adjustments.

        Newest first; `state=pending` are those that wait for another administrator. For admins.

        `limit`: Rows per page.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(
            _LIST_ADJUSTMENTS, Given({}, {"state": state, "sellerId": seller_id, "limit": limit, "cursor": cursor})
        )

    def approve_adjustment(self, id: UUID | str, *, idempotency_key: str | None = None) -> models.Adjustment:
        """Approve an adjustment.

        It is posted now; not by whoever asked for it. For admins.

        `id`: The adjustment's id.

        Raises:
            Forbidden, NotFound, InvalidState, InsufficientBalance, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_APPROVE_ADJUSTMENT, Given({"id": id}, {}, key=idempotency_key))

    def refuse_adjustment(self, id: UUID | str, *, idempotency_key: str | None = None) -> models.Adjustment:
        """Refuse an adjustment.

        Nothing is posted; whoever asked for it may take it back so. For admins.

        `id`: The adjustment's id.

        Raises:
            Forbidden, NotFound, InvalidState, InsufficientBalance, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_REFUSE_ADJUSTMENT, Given({"id": id}, {}, key=idempotency_key))

    def daily_reports(self, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET) -> Pages[models.DailyReport]:
        """List daily reports.

        Newest first. For admins.

        `limit`: Rows per page.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(_LIST_DAILY_REPORTS, Given({}, {"limit": limit, "cursor": cursor}))

    def daily_report(self, day: str) -> models.DailyReport:
        """One day's report.

        The day has to be over. For admins.

        `day`: A day in UTC, like 2026-11-22.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_DAILY_REPORT, Given({"day": day}, {}))

    def reconciliation(
        self,
        *,
        open: bool | Unset = UNSET,
        kind: Literal["missing_local", "missing_provider", "amount", "currency", "duplicate", "balance"]
        | Unset = UNSET,
        provider: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
    ) -> Pages[models.ReconciliationItem]:
        """List differences between providers' books and ours.

        Newest first. For admins.

        `open`: Only open, or only resolved ones.

        `kind`: Only of this kind.

        `provider`: Only of this provider.

        `limit`: Rows per page.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(
            _LIST_ITEMS, Given({}, {"open": open, "kind": kind, "provider": provider, "limit": limit, "cursor": cursor})
        )

    def reconciliation_reports(
        self, *, provider: str | Unset = UNSET, limit: int | Unset = UNSET, cursor: str | Unset = UNSET
    ) -> Pages[models.ReconciliationReport]:
        """List what each run of reconciliation found.

        One for each provider and run, newest first; also of runs that failed. For admins.

        `provider`: Only of this provider.

        `limit`: Rows per page.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(_LIST_REPORTS, Given({}, {"provider": provider, "limit": limit, "cursor": cursor}))

    def resolve_item(
        self, id: UUID | str, *, reason: str, idempotency_key: str | None = None
    ) -> models.ReconciliationItem:
        """Resolve a difference.

        With the reason, which is kept and audited. It moves no money. For admins.

        `id`: The difference's id.

        Raises:
            Forbidden, NotFound, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(_RESOLVE_ITEM, Given({"id": id}, {}, body={"reason": reason}, key=idempotency_key))

    def seller_fee(self, seller_id: UUID | str) -> models.SellerFee:
        """What a seller's sales cost.

        What was agreed with the seller, or the platform's usual fee. For admins.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_SELLER_FEE, Given({"seller_id": seller_id}, {}))

    def agree_seller_fee(
        self,
        seller_id: UUID | str,
        *,
        basis_points: int,
        fixed: Mapping[str, int] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.SellerFee:
        """Agree on a fee with a seller.

        Holds for payments from now on; those that exist keep the fee that they were made with. For admins.

        `fixed`: Minor units by currency; none for a currency that is absent.

        Raises:
            Forbidden, NotFound, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _AGREE_SELLER_FEE,
            Given(
                {"seller_id": seller_id}, {}, body={"basisPoints": basis_points, "fixed": fixed}, key=idempotency_key
            ),
        )

    def end_seller_fee(self, seller_id: UUID | str) -> None:
        """Go back to the usual fee.

        Again: still 204. For admins.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        self._caller.call(_END_SELLER_FEE, Given({"seller_id": seller_id}, {}))

    def hold_terms(self, seller_id: UUID | str) -> models.HoldTerms:
        """How long a seller's money rests.

        What was agreed with the seller, or the platform's usual terms. For admins.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return self._caller.call(_READ_HOLD_TERMS, Given({"seller_id": seller_id}, {}))

    def agree_hold_terms(
        self,
        seller_id: UUID | str,
        *,
        hold_days: int | Unset | None = UNSET,
        reserve_basis_points: int | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.HoldTerms:
        """Agree on hold terms with a seller.

        The days hold for captures from now on, the reserve for whatever is released from now on. For admins.

        Raises:
            Forbidden, NotFound, Conflict: see `cleanly_client.refusals`.
        """
        return self._caller.call(
            _AGREE_HOLD_TERMS,
            Given(
                {"seller_id": seller_id},
                {},
                body={"holdDays": hold_days, "reserveBasisPoints": reserve_basis_points},
                key=idempotency_key,
            ),
        )

    def end_hold_terms(self, seller_id: UUID | str) -> None:
        """Go back to the usual hold terms.

        Again: still 204. For admins.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        self._caller.call(_END_HOLD_TERMS, Given({"seller_id": seller_id}, {}))


class AsyncAdmin(AsyncGroup):
    """What an administrator does."""

    def inbound_events(
        self,
        *,
        state: Literal["stored", "done", "ignored", "waiting", "dead"] | Unset = UNSET,
        provider: str | Unset = UNSET,
        type: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
    ) -> AsyncPages[models.InboundEvent]:
        """List provider news.

        Newest first; `state=dead` are those that wait for a person.

        `state`: Only in this state.

        `provider`: Only of this provider.

        `type`: Only of this type.

        `limit`: Rows per page.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(
            _LIST_EVENTS,
            Given({}, {"state": state, "provider": provider, "type": type, "limit": limit, "cursor": cursor}),
        )

    async def inbound_event(self, id: str) -> models.InboundLetter:
        """One event with its body and error.

        As it came, without what its headers had of secrets.

        `id`: An event's id here.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_EVENT, Given({"id": id}, {}))

    async def replay_inbound_event(self, id: str, *, idempotency_key: str | None = None) -> models.InboundEvent:
        """Act on one event again.

        Whatever became of it before: acting on the same news twice changes nothing.

        `id`: An event's id here.

        Raises:
            Forbidden, NotFound, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_REPLAY_EVENT, Given({"id": id}, {}, key=idempotency_key))

    async def replay_inbound_events(
        self,
        *,
        state: Literal["dead", "waiting", "ignored", "done"] | Unset = UNSET,
        provider: str | Unset | None = UNSET,
        type: str | Unset | None = UNSET,
        since: datetime | Unset | None = UNSET,
        cursor: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.InboundReplayed:
        """Act on many events again.

        All of a type, or since a time, or both: two hundred a call.

        `since`: Received at this moment or later.

        Raises:
            Forbidden, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _REPLAY_EVENTS,
            Given(
                {},
                {},
                body={"state": state, "provider": provider, "type": type, "since": since, "cursor": cursor},
                key=idempotency_key,
            ),
        )

    def payout_accounts(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        status: Literal["pending", "enabled", "restricted", "disabled"] | Unset = UNSET,
        provider: Literal["stripe", "paypal", "sandbox"] | Unset = UNSET,
        seller: UUID | str | Unset = UNSET,
    ) -> AsyncPages[models.PayoutAccountSeen]:
        """Sellers' payout accounts.

        Newest first, those that were given up too. For admins.

        `limit`: Rows per page.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(
            _LIST_SELLERS_PAYOUT_ACCOUNTS,
            Given({}, {"limit": limit, "cursor": cursor, "status": status, "provider": provider, "seller": seller}),
        )

    async def payout_account(self, id: UUID | str) -> models.PayoutAccountSeen:
        """One seller's payout account.

        As it was last seen. For admins.

        `id`: A payout account's id.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_SELLERS_PAYOUT_ACCOUNT, Given({"id": id}, {}))

    async def payout_stop(self) -> models.PayoutStop:
        """Whether payouts are sent.

        A fault in the ledger stops them by itself. For admins.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_PAYOUT_STOP, Given({}, {}))

    async def stop_payouts(self, *, reason: str, idempotency_key: str | None = None) -> models.PayoutStop:
        """Stop all payouts.

        Nothing new is sent; what is on its way is watched as ever. For admins.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_STOP_PAYOUTS, Given({}, {}, body={"reason": reason}, key=idempotency_key))

    async def resume_payouts(self, *, idempotency_key: str | None = None) -> models.PayoutStop:
        """Send payouts again.

        Those that waited go within minutes. For admins.

        Raises:
            Forbidden, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_RESUME_PAYOUTS, Given({}, {}, key=idempotency_key))

    def payouts(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        state: Literal[
            "requested", "held", "sending", "unknown", "in_transit", "paid", "failed", "returned", "canceled"
        ]
        | Unset = UNSET,
        seller_id: UUID | str | Unset = UNSET,
    ) -> AsyncPages[models.ReviewedPayout]:
        """Everybody's payouts.

        Newest first; `state=held` are those that wait for a person. For admins.

        `limit`: Rows per page.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(
            _LIST_ALL_PAYOUTS, Given({}, {"limit": limit, "cursor": cursor, "state": state, "sellerId": seller_id})
        )

    async def approve_payout(
        self, id: UUID | str, *, reason: str, idempotency_key: str | None = None
    ) -> models.ReviewedPayout:
        """Let a held payout go.

        It is sent at once. For admins, and never for one's own payout.

        `id`: The payout's id.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _APPROVE_PAYOUT, Given({"id": id}, {}, body={"reason": reason}, key=idempotency_key)
        )

    async def hold_payout(
        self, id: UUID | str, *, reason: str, idempotency_key: str | None = None
    ) -> models.ReviewedPayout:
        """Hold a payout.

        One that has not left, until somebody approves or refuses it. For admins.

        `id`: The payout's id.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _HOLD_PAYOUT, Given({"id": id}, {}, body={"reason": reason}, key=idempotency_key)
        )

    async def refuse_payout(
        self, id: UUID | str, *, reason: str, idempotency_key: str | None = None
    ) -> models.ReviewedPayout:
        """Refuse a payout.

        One that has not left; the money is available again. For admins.

        `id`: The payout's id.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _REFUSE_PAYOUT, Given({"id": id}, {}, body={"reason": reason}, key=idempotency_key)
        )

    async def retry_payout(
        self, id: UUID | str, *, reason: str, idempotency_key: str | None = None
    ) -> models.ReviewedPayout:
        """Go on with a payout now.

        Look at the provider again and ask again what has had no answer, under the same key. For admins.

        One that is over stays so: its money is available, and may be paid out anew.

        `id`: The payout's id.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _RETRY_PAYOUT, Given({"id": id}, {}, body={"reason": reason}, key=idempotency_key)
        )

    async def call_payout_back(
        self, id: UUID | str, *, reason: str, idempotency_key: str | None = None
    ) -> models.ReviewedPayout:
        """Call a payout back.

        Ask the provider for one that is on its way: PayPal gives back what nobody has claimed, Stripe what is pending.

        What it answers shows in the payout's state a moment later; too late for it: nothing changes. For admins.

        `id`: The payout's id.

        Raises:
            Forbidden, NotFound, InvalidState, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _CALL_PAYOUT_BACK, Given({"id": id}, {}, body={"reason": reason}, key=idempotency_key)
        )

    async def adjust_balance(
        self,
        *,
        seller_id: UUID | str,
        kind: Literal["credit", "debit", "write_off"],
        amount: int,
        currency: str,
        reason: str,
        description: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Adjustment:
        """Adjust a seller's balance.

        Posted at once, or pending where it takes another administrator. For admins.

        Raises:
            Forbidden, NotFound, InsufficientBalance, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _ADJUST_BALANCE,
            Given(
                {},
                {},
                body={
                    "sellerId": seller_id,
                    "kind": kind,
                    "amount": amount,
                    "currency": currency,
                    "reason": reason,
                    "description": description,
                },
                key=idempotency_key,
            ),
        )

    def adjustments(
        self,
        *,
        state: Literal["pending", "posted", "refused"] | Unset = UNSET,
        seller_id: UUID | str | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
    ) -> AsyncPages[models.Adjustment]:
        """List adjustments.

        Newest first; `state=pending` are those that wait for another administrator. For admins.

        `limit`: Rows per page.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(
            _LIST_ADJUSTMENTS, Given({}, {"state": state, "sellerId": seller_id, "limit": limit, "cursor": cursor})
        )

    async def approve_adjustment(self, id: UUID | str, *, idempotency_key: str | None = None) -> models.Adjustment:
        """Approve an adjustment.

        It is posted now; not by whoever asked for it. For admins.

        `id`: The adjustment's id.

        Raises:
            Forbidden, NotFound, InvalidState, InsufficientBalance, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_APPROVE_ADJUSTMENT, Given({"id": id}, {}, key=idempotency_key))

    async def refuse_adjustment(self, id: UUID | str, *, idempotency_key: str | None = None) -> models.Adjustment:
        """Refuse an adjustment.

        Nothing is posted; whoever asked for it may take it back so. For admins.

        `id`: The adjustment's id.

        Raises:
            Forbidden, NotFound, InvalidState, InsufficientBalance, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_REFUSE_ADJUSTMENT, Given({"id": id}, {}, key=idempotency_key))

    def daily_reports(
        self, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET
    ) -> AsyncPages[models.DailyReport]:
        """List daily reports.

        Newest first. For admins.

        `limit`: Rows per page.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(_LIST_DAILY_REPORTS, Given({}, {"limit": limit, "cursor": cursor}))

    async def daily_report(self, day: str) -> models.DailyReport:
        """One day's report.

        The day has to be over. For admins.

        `day`: A day in UTC, like 2026-11-22.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_DAILY_REPORT, Given({"day": day}, {}))

    def reconciliation(
        self,
        *,
        open: bool | Unset = UNSET,
        kind: Literal["missing_local", "missing_provider", "amount", "currency", "duplicate", "balance"]
        | Unset = UNSET,
        provider: str | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
    ) -> AsyncPages[models.ReconciliationItem]:
        """List differences between providers' books and ours.

        Newest first. For admins.

        `open`: Only open, or only resolved ones.

        `kind`: Only of this kind.

        `provider`: Only of this provider.

        `limit`: Rows per page.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(
            _LIST_ITEMS, Given({}, {"open": open, "kind": kind, "provider": provider, "limit": limit, "cursor": cursor})
        )

    def reconciliation_reports(
        self, *, provider: str | Unset = UNSET, limit: int | Unset = UNSET, cursor: str | Unset = UNSET
    ) -> AsyncPages[models.ReconciliationReport]:
        """List what each run of reconciliation found.

        One for each provider and run, newest first; also of runs that failed. For admins.

        `provider`: Only of this provider.

        `limit`: Rows per page.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        return self._pages(_LIST_REPORTS, Given({}, {"provider": provider, "limit": limit, "cursor": cursor}))

    async def resolve_item(
        self, id: UUID | str, *, reason: str, idempotency_key: str | None = None
    ) -> models.ReconciliationItem:
        """Resolve a difference.

        With the reason, which is kept and audited. It moves no money. For admins.

        `id`: The difference's id.

        Raises:
            Forbidden, NotFound, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _RESOLVE_ITEM, Given({"id": id}, {}, body={"reason": reason}, key=idempotency_key)
        )

    async def seller_fee(self, seller_id: UUID | str) -> models.SellerFee:
        """What a seller's sales cost.

        What was agreed with the seller, or the platform's usual fee. For admins.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_SELLER_FEE, Given({"seller_id": seller_id}, {}))

    async def agree_seller_fee(
        self,
        seller_id: UUID | str,
        *,
        basis_points: int,
        fixed: Mapping[str, int] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.SellerFee:
        """Agree on a fee with a seller.

        Holds for payments from now on; those that exist keep the fee that they were made with. For admins.

        `fixed`: Minor units by currency; none for a currency that is absent.

        Raises:
            Forbidden, NotFound, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _AGREE_SELLER_FEE,
            Given(
                {"seller_id": seller_id}, {}, body={"basisPoints": basis_points, "fixed": fixed}, key=idempotency_key
            ),
        )

    async def end_seller_fee(self, seller_id: UUID | str) -> None:
        """Go back to the usual fee.

        Again: still 204. For admins.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        await self._caller.call(_END_SELLER_FEE, Given({"seller_id": seller_id}, {}))

    async def hold_terms(self, seller_id: UUID | str) -> models.HoldTerms:
        """How long a seller's money rests.

        What was agreed with the seller, or the platform's usual terms. For admins.

        Raises:
            Forbidden, NotFound: see `cleanly_client.refusals`.
        """
        return await self._caller.call(_READ_HOLD_TERMS, Given({"seller_id": seller_id}, {}))

    async def agree_hold_terms(
        self,
        seller_id: UUID | str,
        *,
        hold_days: int | Unset | None = UNSET,
        reserve_basis_points: int | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.HoldTerms:
        """Agree on hold terms with a seller.

        The days hold for captures from now on, the reserve for whatever is released from now on. For admins.

        Raises:
            Forbidden, NotFound, Conflict: see `cleanly_client.refusals`.
        """
        return await self._caller.call(
            _AGREE_HOLD_TERMS,
            Given(
                {"seller_id": seller_id},
                {},
                body={"holdDays": hold_days, "reserveBasisPoints": reserve_basis_points},
                key=idempotency_key,
            ),
        )

    async def end_hold_terms(self, seller_id: UUID | str) -> None:
        """Go back to the usual hold terms.

        Again: still 204. For admins.

        Raises:
            Forbidden: see `cleanly_client.refusals`.
        """
        await self._caller.call(_END_HOLD_TERMS, Given({"seller_id": seller_id}, {}))
