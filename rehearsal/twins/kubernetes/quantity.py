"""Kubernetes quantities: `500m`, `16Gi`, `1e3`."""

import re
from decimal import Decimal
from typing import cast

from rehearsal.twins.values import Value

__all__ = ["parse_quantity", "with_text_quantities"]

_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d+)?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}

_MAPS = frozenset(
    {
        "allocatable",
        "capacity",
        "default",
        "defaultRequest",
        "hard",
        "limits",
        "max",
        "maxLimitRequestRatio",
        "min",
        "overhead",
        "podFixed",
        "requests",
    }
)
_SINGLE = frozenset({"averageValue", "divisor", "maximumVolumeSize", "sizeLimit"})


def parse_quantity(value: Value) -> Decimal | None:
    """The number a quantity stands for, or None when it is none (`16GB`, for example)."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    found = _FORM.fullmatch(str(value))
    if found is None:
        return None
    number, suffix = Decimal(found[1]), found[2] or ""
    if suffix in _BINARY:
        return number * Decimal(1024) ** _BINARY[suffix]
    if suffix[:1] in ("e", "E") and suffix not in _DECIMAL:
        return number.scaleb(int(suffix[1:]))
    return number.scaleb(_DECIMAL[suffix]) if suffix else number


def with_text_quantities(value: Value) -> Value:
    """An object of the API with the numbers among its quantities as text, which the API takes alike."""
    if isinstance(value, list):
        return [with_text_quantities(item) for item in cast("list[Value]", value)]
    if not isinstance(value, dict):
        return value
    found: dict[str, Value] = {}
    for key, item in cast("dict[str, Value]", value).items():
        if key in _MAPS and isinstance(item, dict):
            found[key] = {name: _text(amount) for name, amount in cast("dict[str, Value]", item).items()}
        else:
            found[key] = _text(item) if key in _SINGLE else with_text_quantities(item)
    return found


def _text(value: Value) -> Value:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if number else with_text_quantities(value)
