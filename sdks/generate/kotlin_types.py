"""How the contract's types are written in Kotlin, and the names that only Kotlin needs. Pure."""

from collections.abc import Iterable

from sdks.generate.contract import (
    Choice,
    Contract,
    Dictionary,
    Field,
    Many,
    Model,
    Nullable,
    Operation,
    Pages,
    Plain,
    Ref,
    Type,
    pascal,
)

PACKAGE = "dev.cleanly"
# Models whose names are taken by what is written by hand.
RENAMED = {"Tokens": "TokenPair"}
# Only the library itself touches them.
INTERNAL = {"SignedIn", "TokenPair"}
# What arguments choose from, where no model has the same words.
ARGUMENTS = {
    "LogoutScope": ("current", "others", "all"),
    "PaymentRole": ("buyer", "seller", "any"),
    "Provider": ("stripe", "paypal", "sandbox", "google_play"),
    "ReplayState": ("failed", "skipped", "succeeded", "missing"),
}
# Fields that the document calls strings, though their words are known.
PROVIDED = {"Payment", "Subscription", "Payout", "ReviewedPayout", "PayoutAccount", "PayoutAccountSeen"}
# `null` takes the value away; to leave the field out leaves it alone.
SETTABLE = {("change_profile", "avatarUrl"), ("change_webhook_endpoint", "ratePerMinute")}
# Minor units of a currency need 64 bits; the other integers are small.
LONG_FIELDS = {"amount", "fixed"}
LONG_MODELS = {"StatementSums", "Changes", "ReconciliationStanding"}
# Never in toString().
SECRETS = {
    "accessToken", "client", "currentPassword", "idToken", "newPassword", "onboardingUrl", "password", "previewToken",
    "purchaseToken", "refreshToken", "secret", "token",
}  # fmt: skip
_PLAIN = {
    "string": "String",
    "uuid": "String",
    "date-time": "Instant",
    "integer": "Int",
    "number": "Double",
    "boolean": "Boolean",
    "any": "JsonElement",
}
_HARD = {"object", "in", "is", "as", "when", "val", "var", "fun", "interface", "class", "package", "typealias"}
_KDOC_LINE = 100


class Types:
    """Writes types; knows every choice of the contract by its words."""

    def __init__(self, contract: Contract) -> None:
        self._choices = [*contract.choices]
        self._choices += [Choice(name, words) for name, words in ARGUMENTS.items()]

    @property
    def choices(self) -> list[Choice]:
        """All enums, by name."""
        return sorted(self._choices, key=lambda one: one.name)

    def of(self, kind: Type, *, owner: str = "", field: str = "") -> str:  # noqa: C901, PLR0911 - one for each kind
        """The type as it is written, without the `?` of an absent value."""
        match kind:
            case Plain("integer") if field in LONG_FIELDS or owner in LONG_MODELS:
                return "Long"
            case Plain("string") if field == "provider" and owner in PROVIDED:
                return "Provider"
            case Plain(name):
                return _PLAIN[name]
            case Ref(name):
                return RENAMED.get(name, name)
            case Choice(name, words):
                return name or self._argument(words)
            case Many(of=inner):
                return f"List<{self.of(inner, owner=owner, field=field)}>"
            case Dictionary(of=Plain("any")):
                return "JsonObject"
            case Dictionary(of=inner):
                return f"Map<String, {self.of(inner, owner=owner, field=field)}>"
            case Nullable(of=inner):
                return f"{self.of(inner, owner=owner, field=field)}?"
            case Pages(of=inner):
                return f"Page<{self.of(inner)}>"

    def _argument(self, words: Iterable[str]) -> str:
        """The smallest enum that has all of these words."""
        fitting = [one for one in self._choices if set(words) <= set(one.words)]
        if not fitting:
            raise ValueError(f"name the choice of {', '.join(words)} in kotlin_types.ARGUMENTS")
        return min(fitting, key=lambda one: (len(one.words), one.name)).name

    def argument(self, operation: Operation, field: Field) -> str:
        """The type of an argument; null where nothing was said."""
        bare = self.of(field.type, field=field.wire).removesuffix("?")
        if (operation.id, field.wire) in SETTABLE:
            return f"Settable<{bare}>?"
        return bare if field.is_required else f"{bare}?"

    def field(self, model: Model, field: Field) -> str:
        """The type of a model's field."""
        bare = self.of(field.type, owner=model.name, field=field.wire)
        return bare if field.is_required or bare.endswith("?") else f"{bare}?"


def identifier(name: str) -> str:
    """The name, quoted where Kotlin has taken it."""
    return f"`{name}`" if name in _HARD else name


def body_class(operation: Operation) -> str:
    """What a call's body is called."""
    return f"{pascal(operation.id)}Body"


def kdoc(text: str, *, indent: str = "", tags: Iterable[str] = ()) -> str:
    """A KDoc comment; `tags` are whole `@property` or `@param` lines."""
    body = [line.rstrip() for line in text.replace("*/", "* /").replace("/*", "/ *").strip().splitlines()]
    told = list(tags)
    lines = body + ([""] if body and told else []) + told
    if len(lines) == 1 and len(lines[0]) < _KDOC_LINE:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n" + "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines) + f"{indent} */\n"


def about(field: Field) -> str:
    """A field's text, in one line."""
    return " ".join(field.about.split())
