"""What the generated OpenAPI document does not know by itself: tokens, keys, headers, and an example of every body."""

from typing import Any, cast

from cleanly.kernel.errors import ValidationFailed
from cleanly.kernel.http import refusals

Json = dict[str, Any]
_BEARER = "accessToken"
_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Repeat the call with the same key and body, and it happens once. Kept for 24 h.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "8e03978e-40d5-43e8-bc93-6894a57f9324",
}
_HEADERS: Json = {
    "X-Request-ID": {
        "description": "Name it when you ask us about a call. Yours, if you sent one of 8 to 128 of A-Za-z0-9._-",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds; waiting that long makes the next call pass.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {"description": "RFC 6750", "schema": {"type": "string"}, "example": "Bearer"},
}
_SAMPLES_BY_FORMAT: Json = {
    "uuid": "019ab1c2-8e4f-7a31-9c55-3f1d2e4b5a60",
    "date-time": "2026-11-22T12:00:00.000Z",
}
_SAMPLES_BY_TYPE: Json = {"string": "text", "integer": 1, "number": 1, "boolean": True, "null": None}


def complete(document: Json) -> Json:
    """Add them, in place."""
    components = document["components"]
    components["headers"] = _HEADERS
    components["securitySchemes"] = {_BEARER: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    # FastAPI's own shape of a validation error; ours has the envelope.
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    for methods in document["paths"].values():
        for method, operation in methods.items():
            _complete_operation(method, operation, components["schemas"])
    return document


def _complete_operation(method: str, operation: Json, schemas: Json) -> None:
    responses: dict[str, Json] = operation["responses"]
    if "422" in responses and not _codes(responses["422"]):
        _declare_invalid(responses)
    if "TOKEN_MISSING" in _codes(responses.get("401")):
        operation["security"] = [{_BEARER: []}]
    if method in {"post", "put"}:
        operation.setdefault("parameters", []).append(_KEY)
    for status, response in responses.items():
        names = ["X-Request-ID"]
        names += ["Retry-After"] if status in {"429", "503"} else []
        names += ["WWW-Authenticate"] if status == "401" else []
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    bodies: list[Json] = [operation.get("requestBody", {})]
    bodies += [response for status, response in responses.items() if status < "300"]
    for body in bodies:
        contents: dict[str, Json] = body.get("content", {})
        for media in contents.values():
            if "example" not in media and "examples" not in media:
                media["example"] = _sample(media["schema"], schemas)


def _declare_invalid(responses: Json) -> None:
    declared = refusals(ValidationFailed)[ValidationFailed.status]
    media = {"schema": {"$ref": "#/components/schemas/ErrorEnvelope"}, **declared["content"]["application/json"]}
    responses["422"] = {"description": declared["description"], "content": {"application/json": media}}


def _codes(response: Json | None) -> Json:
    content: Json = (response or {}).get("content", {}).get("application/json", {})
    return cast("Json", content.get("examples", {}))


def _sample(schema: Json, schemas: Json) -> Any:
    """A value of this schema, from its fields' own examples where they have some."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    given = [*schema.get("examples", ()), *(schema[name] for name in ("const", "default") if name in schema)]
    given += schema.get("enum", ())
    if given:
        return given[0]
    if "anyOf" in schema:
        return _sample(schema["anyOf"][0], schemas)
    if schema.get("type") == "object":
        return {name: _sample(found, schemas) for name, found in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [_sample(schema["items"], schemas)]
    return _SAMPLES_BY_FORMAT.get(schema.get("format", ""), _SAMPLES_BY_TYPE.get(schema.get("type", "")))
