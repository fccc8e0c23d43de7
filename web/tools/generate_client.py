"""Write the page's types from the API's own schema: `python web/tools/generate_client.py`.

A test compares the committed file with what this makes, so the page and the API cannot drift apart unseen. Only the
forms of schema that our views use are known; any other form stops the run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "src" / "client" / "schema.ts"
HEADER = "// Made by web/tools/generate_client.py from the API's schema. Do not edit.\n"
PRIMITIVES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def type_name(reference: str) -> str:
    """ "#/components/schemas/BotModel" is Bot."""
    return reference.rpartition("/")[2].removesuffix("Model")


def type_of(schema: dict[str, Any]) -> str:
    """The TypeScript type of a JSON schema."""
    if "$ref" in schema:
        return type_name(schema["$ref"])
    if "const" in schema:
        return f'"{schema["const"]}"'
    if "enum" in schema:
        return " | ".join(f'"{value}"' for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(type_of(option) for option in schema["anyOf"])
    if schema.get("type") == "array":
        item = type_of(schema["items"])
        return f"readonly ({item})[]" if "|" in item else f"readonly {item}[]"
    if schema.get("type") in PRIMITIVES:
        return PRIMITIVES[schema["type"]]
    raise NotImplementedError(f"no TypeScript is known for {schema}")


def declaration(name: str, schema: dict[str, Any]) -> str:
    """One exported type with its description."""
    comment = f"/** {schema['description'].splitlines()[0]} */\n" if "description" in schema else ""
    if schema.get("type") != "object":
        return f"{comment}export type {type_name(name)} = {type_of(schema)};\n"
    required = set(schema.get("required", ()))
    assert required == set(schema["properties"]), f"{name}: every field of a view is always there"
    fields = "".join(f"  readonly {key}: {type_of(value)};\n" for key, value in schema["properties"].items())
    return f"{comment}export interface {type_name(name)} {{\n{fields}}}\n"


def generate(openapi: dict[str, Any]) -> str:
    """The whole file, types in alphabetical order."""
    schemas = openapi["components"]["schemas"]
    return HEADER + "".join("\n" + declaration(name, schemas[name]) for name in sorted(schemas))


def schema_of_the_api() -> dict[str, Any]:
    """The OpenAPI document of the API; no cockpit is asked anything."""
    from karat.api.app import create_app
    from karat.ports.cockpit import Cockpit

    class Nobody:
        """Stands where a cockpit would; the schema does not depend on it."""

    cockpit: Cockpit = Nobody()  # pyright: ignore[reportAssignmentType]
    return create_app(cockpit, "schema").openapi()


if __name__ == "__main__":
    TARGET.write_text(generate(schema_of_the_api()))
    sys.stdout.write(f"{TARGET}\n")
