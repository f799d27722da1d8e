"""Which passwords are refused, and why. Pure. Lengths are code points after NFC; there are no composition rules."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cleanly.platform.passwords.settings import LENGTH_MAX

Reason = Literal["too_short", "too_long", "contains_email", "contains_product", "common", "breached"]

# Shorter local parts occur inside ordinary words: ann@ must not forbid "annual".
_LOCAL_PART_MIN = 4


@dataclass(frozen=True)
class Weakness:
    """Why a password is refused: a stable word for programs, a sentence for people."""

    reason: Reason
    message: str


BREACHED = Weakness("breached", "This password has appeared in a data breach, choose another")
COMMON = Weakness("common", "This password is one of the most used, choose another")
CONTAINS_EMAIL = Weakness("contains_email", "The password must not contain your e-mail address or the name in it")


def normalise(password: str) -> str:
    """The form that counts: NFC, so that one password typed on two keyboards is one password."""
    return unicodedata.normalize("NFC", password)


def encoded(password: str) -> bytes:
    """The bytes to hash: NFC, UTF-8. Total: a lone surrogate is kept, for a login must never end in a fault."""
    return normalise(password).encode("utf-8", "surrogatepass")


def weakness(
    password: str,
    *,
    email: str,
    product: str = "cleanly",
    min_length: int,
    is_common: Callable[[str], bool],
) -> Weakness | None:
    """The first reason to refuse the password, or None. The whole password counts, nothing is trimmed."""
    chosen = normalise(password)
    if len(chosen) < min_length:
        return Weakness("too_short", f"The password must have at least {min_length} characters")
    if len(chosen) > LENGTH_MAX:
        return Weakness("too_long", f"The password must have at most {LENGTH_MAX} characters")
    folded = _folded(chosen)
    if any(part in folded for part in _telling_parts(_folded(email))):
        return CONTAINS_EMAIL
    if product and _folded(product) in folded:
        return Weakness("contains_product", f"The password must not contain the word {product}")
    if is_common(chosen):
        return COMMON
    return None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text.casefold())


def _telling_parts(email: str) -> tuple[str, ...]:
    local = email.rpartition("@")[0]
    # ann.smith+shop@ is still ann.smith: the tag after the plus is an address's filter, not its owner.
    candidates = (local, local.partition("+")[0])
    parts = tuple(part for part in candidates if len(part) >= _LOCAL_PART_MIN)
    return (email, *parts) if email else parts
