"""How the ledger refuses: one refusal for a client, and the faults that are ours."""

from cleanly.kernel.errors import AppError, InternalError


class InsufficientBalance(AppError):
    """The account has less than the posting takes: its floor stands in the database."""

    status = 409
    code = "INSUFFICIENT_BALANCE"
    message = "The balance is not sufficient"
    action = "show it"


class PostingRefused(InternalError):
    """A posting that can't be right, or an account that can't be used so: a bug of ours.

    Raised before the database is asked (the transaction lives on), or by it (the transaction is dead). `reason` is a
    stable word, the metric's label: `shape`, `unbalanced`, `second_call`, `reference_reused`, `not_a_mirror`,
    `reversed_twice`, `unknown_account`, `closed`, `not_bounded`, `not_open`, `overflow`.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__()
        self.reason = reason
        self.args = (f"the ledger refused: {reason}{f' ({detail})' if detail else ''}",)


class ReferenceReused(PostingRefused):
    """A reference that has happened with other content: two different events share a name, so one is not booked."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("reference_reused", detail)
