#!/usr/bin/python3
"""Each text that docs/report.schema.json allows is in the table of redaction, and the table has nothing else.

    check_redact_fields.py [SCHEMA [TABLE]]

Redaction fails at run time on a field that its table does not know; this finds such a field when it is added. Prints how many
texts were compared.
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def resolve(schema, node):
    while "$ref" in node:
        target = schema
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = {**target, **{k: v for k, v in node.items() if k != "$ref"}}
    return node


def is_text(node):
    types = node.get("type", [])
    types = [types] if isinstance(types, str) else types
    values = node.get("enum", []) + ([node["const"]] if "const" in node else [])
    values += [part for value in values if isinstance(value, list) for part in value]
    if not types and not values and not any(k in node for k in ("anyOf", "oneOf", "allOf", "properties", "items", "prefixItems")):
        return True  # anything, so a text too
    return "string" in types or any(isinstance(v, str) for v in values)


def texts(schema, node, path, found):
    if node is True:
        node = {}
    if node is False:
        return
    node = resolve(schema, node)
    if is_text(node):
        found.add(path)
    for word in ("anyOf", "oneOf", "allOf"):
        for part in node.get(word, []):
            texts(schema, part, path, found)
    for name, part in node.get("properties", {}).items():
        texts(schema, part, f"{path}.{name}" if path else name, found)
    if path == "exchanges.rows":
        return rows(schema, node, found)
    if isinstance(node.get("additionalProperties"), dict):
        texts(schema, node["additionalProperties"], f"{path}.*", found)
    elif "properties" in node and node.get("additionalProperties", True) is not False:
        sys.exit(f"{path or 'the report'} may have fields that the schema does not name")
    for part in node.get("prefixItems", []):
        texts(schema, part, path, found)
    if isinstance(node.get("items"), (dict, bool)):
        texts(schema, node["items"], path, found)


def rows(schema, node, found):
    """The cells of a row have the names of "columns"."""
    columns = resolve(schema, resolve(schema, schema["properties"]["exchanges"])["properties"]["columns"])
    names = columns.get("const") or [part["const"] for part in columns["prefixItems"]]
    cells = resolve(schema, node["items"])["prefixItems"]
    if len(names) != len(cells):
        sys.exit(f"{len(names)} columns, and {len(cells)} cells in a row")
    for name, cell in zip(names, cells):
        texts(schema, cell, f"exchanges.rows.{name}", found)


def main(arguments):
    schema_file = pathlib.Path(arguments[0] if arguments else ROOT / "docs/report.schema.json")
    table_file = pathlib.Path(arguments[1] if len(arguments) > 1 else ROOT / "analyzer/report/redact/redact_fields.def")
    schema = json.loads(schema_file.read_text())
    found = set()
    texts(schema, schema, "", found)
    table = re.findall(r'^FIELD\("([^"]+)", [A-Z]+\)', table_file.read_text(), re.M)
    # The first word of the command has a row of its own.
    known = set(table) - {"run.command.program"}
    complaints = [f"{path}: a text of the report that redaction does not know" for path in sorted(found - known)]
    complaints += [f"{path}: no text of the report" for path in sorted(known - found)]
    complaints += [f"{path}: twice in the table" for path in sorted(set(p for p in table if table.count(p) > 1))]
    print("\n".join(complaints) if complaints else f"{len(found)} texts")
    return 1 if complaints or not found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
