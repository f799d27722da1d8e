"""Writes the generated half of sdks/kotlin from the OpenAPI document and the error table.

    python -m sdks.generate.kotlin [--check]

`--check` writes nothing and fails if what is there is not what would be written.
"""

import argparse
import json
import pathlib
import sys
from itertools import groupby

from sdks.generate import kotlin_calls, kotlin_errors, kotlin_models
from sdks.generate.kotlin_types import Json, Types, capital

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "sdks/openapi.json"
TARGET = ROOT / "sdks/kotlin/src/generated/kotlin/dev/cleanly"
_IMPORTS = (
    "java.io.OutputStream",
    "kotlin.time.Instant",
    "kotlinx.coroutines.flow.Flow",
    "kotlinx.serialization.Serializable",
    "kotlinx.serialization.json.JsonElement",
    "kotlinx.serialization.json.JsonObject",
)


def files(document: Json, clients: str) -> dict[str, str]:
    """Every file's name and text."""
    schemas: dict[str, Json] = document["components"]["schemas"]
    types = Types(schemas)
    members = kotlin_calls.calls(document, types)
    used = [operation for methods in document["paths"].values() for operation in methods.values()]
    kept = [one for one in used if one["operationId"] != "receive"]
    roots = [[one.get("requestBody"), one["responses"]] for one in kept]
    reached = [name for name in kotlin_models.reachable(schemas, roots) if not name.startswith("Error") or name == "ErrorOut"]
    reached = [name for name in reached if schemas[name].get("properties")]
    inlined: dict[str, Json] = {}
    for one in kept:
        for media in one.get("requestBody", {}).get("content", {}).values():
            if "properties" in media["schema"]:
                inlined[kotlin_models.title_of(one["operationId"], media["schema"])] = media["schema"]
    written = {
        "Models.kt": kotlin_models.models(types, reached),
        "Bodies.kt": kotlin_models.bodies(types, inlined, reached),
        "ApiExceptions.kt": kotlin_errors.exceptions(kotlin_errors.rows(clients)),
    }
    members.sort(key=lambda call: call.group)
    for name, group in groupby(members, key=lambda call: call.group):
        written[f"{capital(name)}Api.kt"] = kotlin_calls.group(name, list(group))
    written["Enums.kt"] = kotlin_models.enums(types)
    return {name: kotlin_models.file_of(text, imports=_IMPORTS) for name, text in written.items()}


def main() -> int:
    """Write, or compare."""
    parser = argparse.ArgumentParser(description="Generate the Kotlin SDK's models, calls and exceptions.")
    parser.add_argument("--check", action="store_true", help="only compare")
    parser.add_argument("--document", type=pathlib.Path, default=DOCUMENT)
    asked = parser.parse_args()
    wanted = files(json.loads(asked.document.read_text()), (ROOT / "docs/clients.md").read_text())
    there = {path.name: path.read_text() for path in TARGET.glob("*.kt")}
    if asked.check:
        different = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
        print("\n".join(f"{name} is not what the document says: run python -m sdks.generate.kotlin" for name in different))
        return 1 if different else 0
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in there.keys() - wanted.keys():
        (TARGET / name).unlink()
    for name, text in wanted.items():
        (TARGET / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
