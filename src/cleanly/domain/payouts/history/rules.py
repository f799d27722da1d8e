"""How a history is asked for: media types, moments, months. Pure."""

import re
from datetime import UTC, datetime

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MONTH = re.compile(r"(\d{4})-(\d\d)")
_CSV = ("text/csv", "text/*", "*/*")
_JSON = ("application/json", "application/*", "*/*")


def wants_csv(accept: str | None) -> bool:
    """Whether an Accept header (RFC 9110 section 12.5.1) prefers CSV to JSON; JSON if it can't decide."""
    if not accept:
        return False
    ranges = [_range(part) for part in accept.split(",")]
    return _quality(ranges, _CSV) > _quality(ranges, _JSON)


def _range(part: str) -> tuple[str, int]:
    """A media range and its quality in thousandths; one that can't be read counts as none."""
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    thousandths = 1000
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            whole, _, fraction = value.strip().partition(".")
            digits = whole + fraction[:3].ljust(3, "0")
            thousandths = min(int(digits), 1000) if digits.isascii() and digits.isdigit() else 0
    return name, thousandths


def _quality(ranges: list[tuple[str, int]], names: tuple[str, ...]) -> int:
    # The most specific range that is named decides, whatever the order.
    for name in names:
        said = [thousandths for found, thousandths in ranges if found == name]
        if said:
            return max(said)
    return 0


def moment(text: str) -> datetime:
    """An instant (RFC 3339, with its offset), or a date, which stands for its beginning in UTC.

    Raises:
        ValueError: neither, or a time that does not say where.
    """
    if _DATE.fullmatch(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time says its offset from UTC")
    return found.astimezone(UTC)


def month(text: str) -> tuple[int, int]:
    """Year and month of `2026-11`.

    Raises:
        ValueError: no month.
    """
    found = _MONTH.fullmatch(text)
    if found is None or not 1 <= int(found[2]) <= 12 or not 1 <= int(found[1]) < 9999:
        raise ValueError("a month is written like 2026-11")
    return int(found[1]), int(found[2])
