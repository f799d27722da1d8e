"""The exceptions, one per code, from the error table in docs/clients.md (which a test holds against the service)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sdks.generate.kotlin_types import capital, kdoc

_ROW = re.compile(r"^\| ([A-Z_]+) \| (\d{3}) \| (.+) \|$", re.MULTILINE)
# Fields that only some codes have.
_EXTRAS = {
    "PAYMENT_DECLINED": (("declineCode", "Why, in the provider's word."),),
    "INVALID_STATE": (("state", "The state in which the call can't be made."),),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One code of the table."""

    code: str
    status: int
    action: str

    @property
    def exception(self) -> str:
        """PAYMENT_DECLINED: PaymentDeclined."""
        return "".join(capital(word.lower()) for word in self.code.split("_"))

    @property
    def constant(self) -> str:
        """`refresh, then retry once`: REFRESH_THEN_RETRY_ONCE."""
        return re.sub(r"[^A-Z]+", "_", self.action.replace("'", "").upper()).strip("_")


def rows(clients: str) -> list[Row]:
    """The table, in its order."""
    found = [Row(code, int(status), action) for code, status, action in _ROW.findall(clients)]
    if not found:
        raise ValueError("docs/clients.md holds no error table")
    return found


def exceptions(table: list[Row]) -> str:
    """The enum of actions, the exceptions, and the table from code to exception."""
    actions = {row.constant: row.action for row in table}
    constants = "".join(f'    /** {capital(text)}. */\n    {name}("{text}"),\n\n' for name, text in sorted(actions.items()))
    classes = "\n".join(_class(row) for row in table)
    cases = "".join(f'    "{row.code}" -> {row.exception}(refusal)\n' for row in table)
    return (
        f"{kdoc('What the app should do about a refusal, in the words of the error table.')}"
        f"public enum class Action(public val text: String) {{\n{constants.rstrip()}\n}}\n\n{classes}\n"
        "internal fun exceptionOf(refusal: Refusal): ApiException = when (refusal.code) {\n"
        f"{cases}    else -> Unrecognized(refusal)\n}}\n"
    )


def _class(row: Row) -> str:
    extras = "".join(_extra(name, text) for name, text in _EXTRAS.get(row.code, ()))
    body = f" {{\n{extras}}}\n" if extras else "\n"
    return (
        f"/** `{row.code}`, {row.status}: {row.action}. */\n"
        f"public class {row.exception} internal constructor(refusal: Refusal) :\n"
        f"    ApiException(refusal, Action.{row.constant}){body}"
    )


def _extra(name: str, text: str) -> Iterator[str] | str:
    return f'    /** {text} */\n    public val {name}: String? get() = detail("{name}")\n'
