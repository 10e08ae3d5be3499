"""Model to JSON and back without loss, and the JSON Schema that it keeps.

All three follow from the dataclasses' own types, so a field added to the model is in the documents at once. Octets are
base64, tuples are arrays, mappings are objects. A document holds no text that has not passed ``show()``: the model's
texts have, and ``to_json`` makes sure of the rest.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import types
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from probe.errors import UsageError
from probe.text import show

Noun = TypeVar("Noun")


def to_json(value: Any) -> Any:
    """A model value as what ``json`` can write."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, str):
        return "\n".join(map(show, value.split("\n")))
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Mapping):
        return {show(str(key)): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, float):
        return round(value, 3)
    return value


def from_json(kind: type[Noun], document: Any) -> Noun:
    """The model value that ``to_json`` wrote. Raises ``UsageError``, naming the place, for any other document."""
    value: Noun = _read(kind, document, kind.__name__)
    return value


def dumps(value: Any, *, indent: int | None = 2) -> str:
    """One JSON document, UTF-8 text kept as it is. Without ``indent`` it is one line."""
    return json.dumps(to_json(value), ensure_ascii=False, indent=indent, allow_nan=False)


def schema(kind: type) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of ``to_json(kind)``. Further fields are allowed: readers must not mind them."""
    definitions: dict[str, Any] = {}
    root = _schema(kind, definitions)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **root, "$defs": definitions}


def _read(kind: Any, document: Any, where: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return document
    if origin in (Union, types.UnionType):
        if document is None and type(None) in arguments:
            return None
        return _read(next(one for one in arguments if one is not type(None)), document, where)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(document, dict):
            raise UsageError(f"{where}: an object is wanted here")
        hints = get_type_hints(kind)
        known = {
            f.name: _read(hints[f.name], document[f.name], f"{where}.{f.name}")
            for f in dataclasses.fields(kind)
            if f.name in document
        }
        try:
            return kind(**known)
        except TypeError:
            raise UsageError(f"{where}: a field is missing") from None
    if origin is tuple:
        if not isinstance(document, list):
            raise UsageError(f"{where}: a list is wanted here")
        return tuple(_read(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(document))
    if origin in (Mapping, dict) or kind in (dict, Mapping):
        if not isinstance(document, dict):
            raise UsageError(f"{where}: an object is wanted here")
        return {key: _read(arguments[1], value, f"{where}.{key}") for key, value in document.items()}
    if origin is Literal:
        if document not in arguments:
            raise UsageError(f"{where}: {show(str(document))} is none of {', '.join(map(str, arguments))}")
        return document
    return _scalar(kind, document, where)


def _scalar(kind: Any, document: Any, where: str) -> Any:
    if kind is bytes and isinstance(document, str):
        try:
            return base64.b64decode(document, validate=True)
        except ValueError:
            raise UsageError(f"{where}: this is not base64") from None
    if kind is float and isinstance(document, (int, float)) and not isinstance(document, bool):
        try:
            number = float(document)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise UsageError(f"{where}: this number is too large, or none")
        return number
    if isinstance(document, kind) and (kind is bool or not isinstance(document, bool)):
        return document
    raise UsageError(f"{where}: {kind.__name__} is wanted here")


_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return {}
    if kind is bytes:
        return {"type": "string", "contentEncoding": "base64"}
    if kind in _SCALARS:
        return {"type": _SCALARS[kind]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        members = [_schema(one, definitions) for one in arguments if one is not type(None)]
        return {"anyOf": [*members, {"type": "null"}]} if type(None) in arguments else {"anyOf": members}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    if origin in (Mapping, dict):
        return {"type": "object", "additionalProperties": _schema(arguments[1], definitions)}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        name = kind.__name__
        if name not in definitions:
            definitions[name] = {}
            hints = get_type_hints(kind)
            fields = [field.name for field in dataclasses.fields(kind)]
            definitions[name] = {
                "type": "object",
                "properties": {field: _schema(hints[field], definitions) for field in fields},
                "required": fields,
            }
        return {"$ref": f"#/$defs/{name}"}
    raise TypeError(f"no schema for {kind!r}")
