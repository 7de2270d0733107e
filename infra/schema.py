"""Writes ``infra/settings.schema.json``, by which editors complete and check ``Pulumi.<stack>.yaml``, and
``docs/settings.md``, by which people do.

``make docs`` runs it after a change of the settings or of the catalogue; a test says when it is due.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from catalog import Catalog, load_catalog
from components.clouds import built_clouds
from infra.sites import SITE_KEYS
from infra.written import NAMESPACE, WrittenSettings, allowed_values, full_key

__all__ = ["PAGE", "SCHEMA_FILE", "build_schema", "page", "rendered"]

SCHEMA_FILE: Final = Path(__file__).with_name("settings.schema.json")
PAGE: Final = Path(__file__).parent.parent / "docs" / "settings.md"

_PAGE_HEAD: Final = """# Settings

Every key that a stack file may hold, under `config:` in `Pulumi.<stack>.yaml`. The first five must be
written; the rest have defaults. A mistake ends the update with one message that lists all of them: key, what
was found, what is allowed.
(Written by `make docs` from `infra/written.py`.)

| key | what it says | allowed | default |
|---|---|---|---|
"""


def build_schema(catalog: Catalog) -> dict[str, Any]:
    """The JSON Schema (draft 7) of a whole stack file."""
    own = WrittenSettings.model_json_schema(by_alias=True)
    properties = {
        f"{NAMESPACE}:{to_camel(name)}": _property(name, own["properties"][to_camel(name)])
        for name in WrittenSettings.model_fields
    }
    _close_lists(properties, catalog)
    properties[f"{NAMESPACE}:sites"]["items"] = _site(properties, catalog)
    required = [f"{NAMESPACE}:{name}" for name in own["required"]]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Stack file of a sovereign inference stack",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "required": required,
                "properties": properties,
                # Keys of other namespaces (pulumi:…, provider settings) are not ours to check.
                "patternProperties": {f"^(?!{NAMESPACE}:)": {}},
                "additionalProperties": False,
                "allOf": [_locations_of(key, catalog) for key in built_clouds()],
            }
        },
    }


def _property(name: str, generated: dict[str, Any]) -> dict[str, Any]:
    """One setting. Numbers may be texts, as ``pulumi config set`` writes; secrets are mappings."""
    field = WrittenSettings.model_fields[name]
    description = f"{field.description} Allowed: {allowed_values(field)}."
    kept = {key: value for key, value in generated.items() if key not in ("title", "description")}
    options: list[dict[str, Any]] = [
        option for option in kept.pop("anyOf", [kept]) if option.get("type") != "null"
    ]
    kept = {key: value for key, value in kept.items() if key == "default" and value is not None}
    plain = [{k: v for k, v in option.items() if k not in ("default", "title")} for option in options]
    if any(option.get("type") in ("integer", "number") for option in plain):
        plain.append({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"})
    if any(option.get("writeOnly") for option in plain):
        plain = [{"type": "object", "required": ["secure"], "properties": {"secure": {"type": "string"}}}]
    shape = plain[0] if len(plain) == 1 else {"anyOf": plain}
    return {"description": description, **kept, **shape}


def _site(properties: dict[str, dict[str, Any]], catalog: Catalog) -> dict[str, Any]:
    """One entry of the further sites: a part of the settings, without the prefix and without defaults."""
    own = {
        key: {what: value for what, value in properties[f"{NAMESPACE}:{key}"].items() if what != "default"}
        for key in SITE_KEYS
    }
    return {
        "type": "object",
        "required": ["cloud", "location"],
        "properties": own,
        "additionalProperties": False,
        "allOf": [_locations_of(key, catalog, prefix="") for key in built_clouds()],
    }


def _close_lists(properties: dict[str, dict[str, Any]], catalog: Catalog) -> None:
    """Settings whose values the catalogue lists."""
    exact = [model.id for model in catalog.models if not model.is_pattern]
    closed = {
        "jurisdiction": sorted(catalog.jurisdictions),
        "cloud": list(built_clouds()),
        "location": sorted({place.code for key in built_clouds() for place in catalog.stack_locations(key)}),
    }
    for name, values in closed.items():
        properties[f"{NAMESPACE}:{name}"]["enum"] = values
    properties[f"{NAMESPACE}:model"]["examples"] = exact


def _locations_of(cloud: str, catalog: Catalog, prefix: str = f"{NAMESPACE}:") -> dict[str, Any]:
    """With this cloud, only its own places."""
    codes = [place.code for place in catalog.stack_locations(cloud)]
    return {
        "if": {"properties": {f"{prefix}cloud": {"const": cloud}}, "required": [f"{prefix}cloud"]},
        "then": {"properties": {f"{prefix}location": {"enum": codes}}},
    }


def rendered(catalog: Catalog) -> str:
    """The content of the schema file."""
    return json.dumps(build_schema(catalog), indent=2, ensure_ascii=False) + "\n"


def page() -> str:
    """The content of docs/settings.md: a row a setting, those that must be written first."""
    fields = WrittenSettings.model_fields.items()
    rows = [
        f"| `{full_key(name)}` | {field.description} | {allowed_values(field)} | {_default(field)} |"
        for name, field in sorted(fields, key=lambda each: not each[1].is_required())
    ]
    return _PAGE_HEAD + "\n".join(row.replace("<", "&lt;") for row in rows) + "\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be written"
    return "none" if field.default in (None, []) else f"`{field.default}`"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(rendered(load_catalog()), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
