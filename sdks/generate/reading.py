"""The service's document, read into the contract; `surface.yaml` says what things are called."""

import pathlib
from collections.abc import Mapping
from typing import Any, TypeAlias, cast

import yaml

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
    Refusal,
    Type,
    pascal,
)

SDKS = pathlib.Path(__file__).parents[1]
Json: TypeAlias = Mapping[str, Any]
# What any call may be refused with.
_ANY_CALL = {
    *("MALFORMED_REQUEST", "VALIDATION_ERROR", "RATE_LIMITED", "INTERNAL_ERROR", "SERVICE_UNAVAILABLE"),
    *("TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED", "TOKEN_SUPERSEDED", "SESSION_REVOKED", "SESSION_EXPIRED"),
    *("PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"),
    *("IDEMPOTENCY_KEY_INVALID", "IDEMPOTENCY_KEY_REQUIRED", "IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_IN_PROGRESS"),
}


class BadSurface(ValueError):
    """`surface.yaml` and the document don't fit together."""


def read(document: Json, errors: Json, surface: Json | None = None) -> Contract:
    """The contract.

    Raises:
        BadSurface: an operation without a name, or a name without its operation.
    """
    names = surface if surface is not None else yaml.safe_load((SDKS / "surface.yaml").read_text())
    first = _Reading(document, names, {})
    first.contract(errors)
    return _Reading(document, names, first.shortest()).contract(errors)


class _Reading:
    def __init__(self, document: Json, surface: Json, names: Mapping[tuple[str, ...], str]) -> None:
        self._document, self._surface, self._names = document, surface, names
        self._schemas: Mapping[str, Json] = document["components"]["schemas"]
        self._choices: dict[str, Choice] = {}
        self._wanted: dict[str, bool] = {}  # schema's name -> whether it is part of a request
        self._tagged: set[str] = set()

    def shortest(self) -> dict[tuple[str, ...], str]:
        """One name for the same words, wherever they stand."""
        longest_first = sorted(self._choices.values(), key=lambda one: (-len(one.name), one.name))
        return {one.words: one.name for one in longest_first}

    def contract(self, errors: Json) -> Contract:
        named: Mapping[str, str] = self._surface["operations"]
        left_out: Mapping[str, str] = self._surface["left_out"]
        found = {
            str(operation["operationId"]): (path, verb.upper(), cast("Json", operation))
            for path, methods in sorted(self._document["paths"].items())
            for verb, operation in sorted(methods.items())
        }
        if strangers := sorted(set(found) ^ (set(named) | set(left_out))):
            raise BadSurface(f"surface.yaml and the document differ in: {', '.join(strangers)}")
        operations = tuple(self._operation(name, *found[name]) for name in named)
        models: dict[str, Model] = {}
        while missing := [name for name in self._wanted if name not in models]:
            for name in missing:
                models[name] = self._model(name)
        rows = tuple(
            Refusal(row["code"], row["status"], row["action"], row.get("message", ""))
            for row in sorted(errors["items"], key=lambda row: (row["status"], row["code"]))
        )
        return Contract(
            models=tuple(sorted(models.values(), key=lambda model: model.name)),
            choices=tuple(self._choices[name] for name in sorted(self._choices)),
            operations=operations,
            refusals=rows,
            sign_in=tuple(self._surface["sign_in"]),
        )

    def _operation(self, name: str, path: str, verb: str, operation: Json) -> Operation:
        group, _, method = str(self._surface["operations"][name]).partition(".")
        parameters: list[Json] = operation.get("parameters", [])
        headers = {str(one["name"]).lower() for one in parameters if one["in"] == "header"}
        answers = {status: cast("Json", one) for status, one in operation["responses"].items() if status < "300"}
        content: Json = next((one["content"] for one in answers.values() if "content" in one), cast("Json", {}))
        answer = self._type(content["application/json"]["schema"], method, is_sent=False) if content else None
        tells_etag = "304" in operation["responses"]
        siblings: Json = self._document["paths"][path]
        if isinstance(answer, Ref) and self._takes_if_match(siblings):
            self._tagged.add(answer.name)
        return Operation(
            id=name,
            group=group,
            method=method,
            verb=verb,
            path=path,
            summary=operation["summary"],
            about=operation.get("description", ""),
            in_path=tuple(self._parameter(one) for one in parameters if one["in"] == "path"),
            in_query=tuple(self._parameter(one) for one in parameters if one["in"] == "query"),
            body=self._body(operation.get("requestBody")),
            answer=answer,
            has_csv="text/csv" in content,
            needs_token=bool(operation.get("security")),
            takes_if_match="if-match" in headers,
            tells_etag=tells_etag,
            may_be_accepted={"201", "202"} <= set(answers),
            codes=tuple(code for status in operation["responses"].values() for code in _codes(status)),
        )

    @staticmethod
    def _takes_if_match(methods: Json) -> bool:
        return any(
            str(parameter["name"]).lower() == "if-match"
            for operation in methods.values()
            for parameter in operation.get("parameters", [])
        )

    def _parameter(self, one: Json) -> Field:
        kind = self._type(one["schema"], "", is_sent=True)
        # A query has no null: absent is absent.
        bare = kind.of if isinstance(kind, Nullable) else kind
        default = "me" if "me" in (one.get("example"), *one["schema"].get("examples", ())) else None
        return Field(one["name"], bare, bool(one.get("required")), one.get("description", ""), default)

    def _body(self, body: Json | None) -> tuple[Field, ...] | None:
        if body is None:
            return None
        schema: Json = body["content"]["application/json"]["schema"]
        schema = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
        schema = self._schemas[_last(schema["$ref"])] if "$ref" in schema else schema
        return self._fields(schema, "", is_sent=True)

    def _model(self, name: str) -> Model:
        schema = self._schemas[name]
        is_sent = self._wanted[name]
        shown = self._shown(name)
        return Model(shown, schema.get("description", ""), self._fields(schema, shown, is_sent=is_sent),
                     has_etag=shown in self._tagged, is_sent=is_sent)  # fmt: skip

    def _fields(self, schema: Json, owner: str, *, is_sent: bool) -> tuple[Field, ...]:
        required = set(schema.get("required", ()))
        found: list[Field] = []
        for wire, inner in schema.get("properties", {}).items():
            kind = self._type(inner, owner and owner + pascal(wire), is_sent=is_sent)
            # What an answer has a default for is always sent; what may be left out of a request is optional.
            is_required = wire in required or (not is_sent and "default" in inner and inner["default"] is not None)
            found.append(Field(wire, kind, is_required, inner.get("description", "")))
        return tuple(found)

    def _type(self, schema: Json, name: str, *, is_sent: bool) -> Type:  # noqa: PLR0911 - one for each kind
        if "$ref" in schema:
            return self._ref(_last(schema["$ref"]), is_sent=is_sent)
        if "anyOf" in schema:
            return self._any_of(schema["anyOf"], name, is_sent=is_sent)
        if "enum" in schema or "const" in schema:
            return self._choice(schema, name, is_sent=is_sent)
        match schema.get("type"):
            case "array":
                return Many(self._type(schema["items"], name, is_sent=is_sent))
            case "object":
                extra = schema.get("additionalProperties")
                is_typed = isinstance(extra, dict) and bool(cast("Json", extra))
                inner = self._type(cast("Json", extra), name, is_sent=is_sent) if is_typed else Plain("any")
                return Dictionary(inner)
            case "string" if schema.get("format") in {"uuid", "date-time"}:
                return Plain(schema["format"])
            case "string" | "integer" | "number" | "boolean" as primitive:
                return Plain(primitive)
            case _:
                return Plain("any")

    def _any_of(self, options: list[Json], name: str, *, is_sent: bool) -> Type:
        kinds = [self._type(one, name, is_sent=is_sent) for one in options if one.get("type") != "null"]
        kind = kinds[0] if len(kinds) == 1 else Plain("any")
        return Nullable(kind) if len(kinds) < len(options) else kind

    def _choice(self, schema: Json, name: str, *, is_sent: bool) -> Type:
        words = tuple(schema.get("enum") or (schema["const"],))
        if not all(isinstance(word, str) for word in words):
            return Plain("boolean")
        if "const" in schema and not is_sent:
            return Plain("string")
        if is_sent or not name:
            return Choice("", words)
        shown = self._names.get(words, name)
        self._choices[shown] = Choice(shown, words)
        return self._choices[shown]

    def _ref(self, name: str, *, is_sent: bool) -> Type:
        schema = self._schemas[name]
        properties: Json = schema.get("properties", {})
        if set(properties) == {"amount", "currency"}:
            return Ref("Money")
        if set(properties) == {"items", "nextCursor"}:
            return Pages(self._type(properties["items"]["items"], "", is_sent=is_sent))
        self._wanted[name] = self._wanted.get(name, False) or is_sent
        return Ref(self._shown(name))

    def _shown(self, name: str) -> str:
        given: Mapping[str, str] = self._surface["models"]
        return given.get(name) or name.rpartition("__")[2].removesuffix("Out")


def _codes(response: Json) -> list[str]:
    content: Json = response.get("content", {}).get("application/json", {})
    return [str(code) for code in content.get("examples", {}) if code not in _ANY_CALL]


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]
