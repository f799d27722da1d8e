"""The client of a Cleanly service: a session that survives a phone's network, typed calls, nothing done twice.

`Cleanly` blocks, `AsyncCleanly` is awaited. Failures are in `errors` and, by the service's codes, in `refusals`;
what is answered, in `models`.
"""

from cleanly_client import errors, models, refusals
from cleanly_client.clients import AsyncCleanly, Cleanly
from cleanly_client.drivers import Timeouts
from cleanly_client.errors import (
    BadAnswer,
    CleanlyError,
    ClientClosed,
    DeadlineExceeded,
    FieldFault,
    NoAnswer,
    NotSignedIn,
    Refused,
)
from cleanly_client.exchange import Pace
from cleanly_client.hooks import Attempted, Event, Hook, Renewed, SessionEnded, Waited, log_events
from cleanly_client.money import Money
from cleanly_client.pages import AsyncPages, Pages
from cleanly_client.paying import NothingToConfirm, PaymentSheet, PayPalOrder
from cleanly_client.stores import FileStore, MemoryStore, Pair, TokenStore, Unusable
from cleanly_client.surface.webhooks import Webhooks
from cleanly_client.unset import UNSET, Unset
from cleanly_client.verification import NotFromUs
from cleanly_client.version import VERSION
from cleanly_client.wire import Page

__all__ = [
    "UNSET",
    "VERSION",
    "AsyncCleanly",
    "AsyncPages",
    "Attempted",
    "BadAnswer",
    "Cleanly",
    "CleanlyError",
    "ClientClosed",
    "DeadlineExceeded",
    "Event",
    "FieldFault",
    "FileStore",
    "Hook",
    "MemoryStore",
    "Money",
    "NoAnswer",
    "NotFromUs",
    "NotSignedIn",
    "NothingToConfirm",
    "Pace",
    "Page",
    "Pages",
    "Pair",
    "PayPalOrder",
    "PaymentSheet",
    "Refused",
    "Renewed",
    "SessionEnded",
    "Timeouts",
    "TokenStore",
    "Unset",
    "Unusable",
    "Waited",
    "Webhooks",
    "errors",
    "log_events",
    "models",
    "refusals",
]
