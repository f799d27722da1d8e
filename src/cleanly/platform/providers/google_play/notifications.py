"""Google's notifications in our words. Pure.

They come as messages of Cloud Pub/Sub, and tell only that something changed. Source:
https://developer.android.com/google/play/billing/rtdn-reference
"""

import base64
import binascii
from typing import Final, cast

from cleanly.platform.providers.google_play.snapshots import at_milli
from cleanly.platform.providers.protocol import ObjectKind, VerifiedEvent
from cleanly.platform.providers.reading import Json, parse_object

NAME: Final = "google_play"
VOIDED: Final = "VOIDED_PURCHASE"
TEST: Final = "TEST"
UNKNOWN: Final = "UNKNOWN"
_LENGTH_MAX: Final = 1024
_ID_LENGTH_MAX: Final = 255
_SUBSCRIPTION: Final = {
    1: "RECOVERED",
    2: "RENEWED",
    3: "CANCELED",
    4: "PURCHASED",
    5: "ON_HOLD",
    6: "IN_GRACE_PERIOD",
    7: "RESTARTED",
    8: "PRICE_CHANGE_CONFIRMED",
    9: "DEFERRED",
    10: "PAUSED",
    11: "PAUSE_SCHEDULE_CHANGED",
    12: "REVOKED",
    13: "EXPIRED",
    17: "ITEMS_CHANGED",
    18: "CANCELLATION_SCHEDULED",
    19: "PRICE_CHANGE_UPDATED",
    20: "PENDING_PURCHASE_CANCELED",
    22: "PRICE_STEP_UP_CONSENT_UPDATED",
}
_PRODUCT: Final = {1: "PURCHASED", 2: "CANCELED"}
_VOIDED_KINDS: Final[dict[int, ObjectKind]] = {1: "subscription", 2: "purchase"}


def event(body: bytes, *, is_live: bool, verified_with: str) -> VerifiedEvent:
    """What a push is about: `object` is the purchase's token, `account` the app's package.

    A kind of news that is new here is about nothing: `other`.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: not a notification of Google Play's.
    """
    message = parse_object(body)["message"]
    found = _inside(message)
    kind, word, token = _about(found)
    return VerifiedEvent(
        provider=NAME,
        account=_short(found["packageName"], _ID_LENGTH_MAX),
        id=_short(message["messageId"], _ID_LENGTH_MAX),
        type=word,
        kind=kind,
        object=token,
        our_id=None,
        is_live=is_live,
        api_version=_short(found["version"], 20) if "version" in found else None,
        created_at=at_milli(found["eventTimeMillis"]),
        verified_with=verified_with,
    )


def _inside(message: Json) -> Json:
    try:
        return parse_object(base64.b64decode(message["data"], validate=True))
    except binascii.Error as error:
        raise ValueError("the message's data is no base64") from error


def _about(found: Json) -> tuple[ObjectKind, str, str]:
    """Kind, type and token."""
    told = [name for name in found if name.endswith("Notification") and found[name] is not None]
    if len(told) != 1:
        raise ValueError("it tells of nothing, or of several things")
    about = cast("Json", found[told[0]])
    match told[0]:
        case "subscriptionNotification":
            return "subscription", _word("SUBSCRIPTION", _SUBSCRIPTION, about), _token(about)
        case "oneTimeProductNotification":
            return "purchase", _word("ONE_TIME_PRODUCT", _PRODUCT, about), _token(about)
        case "voidedPurchaseNotification":
            return _VOIDED_KINDS.get(about["productType"], "other"), VOIDED, _token(about)
        case "testNotification":
            return "other", TEST, ""
        case _:
            return "other", UNKNOWN, ""


def _word(prefix: str, words: dict[int, str], about: Json) -> str:
    number = about["notificationType"]
    if type(number) is not int:
        raise TypeError("its type is no number")
    return f"{prefix}_{words.get(number, number)}"


def _token(about: Json) -> str:
    return _short(about["purchaseToken"], _LENGTH_MAX)


def _short(it: object, length_max: int) -> str:
    if not isinstance(it, str) or not it or len(it) > length_max or not it.isascii() or not it.isprintable():
        raise ValueError("not a short text")
    return it
