"""How payouts refuse."""

from cleanly.kernel.errors import AppError


class PayoutOpen(AppError):
    """Another payout in this currency is not over yet; `details.payoutId` names it."""

    status = 409
    code = "CONFLICT"
    message = "Another payout in this currency is on its way"
    action = "show it"


class NotOurPayout(Exception):
    """The provider's money on this payout is not what our row says: nothing is booked, a person decides."""
