"""Which dispute a line of PayPal's report belongs to: the line names the disputed payment, our books name the dispute.

Source: Disputes v1, list disputes by `disputed_transaction_id`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from cleanly.platform.providers.errors import NotThere
from cleanly.platform.providers.paypal import books
from cleanly.platform.providers.paypal.client import Client
from cleanly.platform.providers.protocol import Entry
from cleanly.platform.providers.reading import at_instant, reading

DISPUTES: Final = "/v1/customer/disputes"
_REMEMBERED_MAX: Final = 1000
# The report's clock and the dispute's need not agree to the second.
_CLOCKS_DIFFER: Final = timedelta(minutes=10)


class DisputesOfPayments:
    """Looks disputes up by the payment, and remembers which there were: each line comes again for three days."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[tuple[str, datetime], str] = {}

    async def name(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        """The entries, with a dispute as the source of each line that a dispute moved, where PayPal knows one.

        Raises:
            Refused, Unknown, NotSent: it could not be asked.
        """
        return tuple([await self._named(entry) for entry in entries])

    async def _named(self, entry: Entry) -> Entry:
        payment = books.disputed(entry)
        if payment is None:
            return entry
        dispute = self._known.get((payment, entry.created_at)) or await self._look(payment, entry.created_at)
        # Without a dispute (a reversal for another reason) the payment is the best name there is.
        return replace(entry, source=dispute or payment)

    async def _look(self, payment: str, at: datetime) -> str | None:
        try:
            found = await self._client.get(DISPUTES, query={"disputed_transaction_id": payment})
        except NotThere:
            return None
        with reading("a payment's disputes"):
            made = [(at_instant(it["create_time"]), str(it["dispute_id"])) for it in found.get("items") or ()]
        # A payment may be disputed again: the newest that there was when the money moved.
        earlier = sorted(one for one in made if one[0] <= at + _CLOCKS_DIFFER)
        if not earlier:
            return None
        if len(self._known) >= _REMEMBERED_MAX:
            self._known.clear()
        self._known[payment, at] = earlier[-1][1]
        return earlier[-1][1]
