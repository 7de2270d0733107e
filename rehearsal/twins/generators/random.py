"""`random`: real random values, drawn once and kept."""

import base64
import random
import secrets
import string
import uuid
from collections.abc import Mapping
from typing import Any

from rehearsal.sdk import ResourceType
from rehearsal.twins.behaviour import Behaviour, Request

__all__ = ["Random"]

_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"


class Random(Behaviour):
    """Answers for `random`."""

    def replacing(self, type_: ResourceType) -> frozenset[str]:
        """Any change draws anew."""
        return frozenset(type_.inputs)

    def computed(self, request: Request, id_: str) -> Mapping[str, Any]:
        """The value."""
        kind = request.type.token.rsplit(":", 1)[-1]
        inputs = request.inputs
        length = int(inputs.get("byteLength") or inputs.get("length") or 2)
        if kind in ("RandomPassword", "RandomString"):
            return {
                "result": _text(inputs, length),
                **({"bcryptHash": ""} if kind == "RandomPassword" else {}),
            }
        if kind in ("RandomId", "RandomBytes"):
            return _bytes(kind, length, str(inputs.get("prefix") or ""))
        if kind == "RandomUuid":
            return {"result": str(uuid.uuid4())}
        if kind == "RandomInteger":
            low, high = int(inputs["min"]), int(inputs["max"])
            return {"result": low + secrets.randbelow(high - low + 1)}
        if kind == "RandomShuffle":
            items = list(inputs["inputs"])
            random.shuffle(items)
            return {"results": items[: int(inputs.get("resultCount") or len(items))]}
        return {}


def _bytes(kind: str, length: int, prefix: str) -> dict[str, Any]:
    drawn = secrets.token_bytes(length)
    standard = base64.b64encode(drawn).decode()
    if kind == "RandomBytes":
        return {"base64": standard, "hex": drawn.hex()}
    return {
        "b64Std": prefix + standard,
        "b64Url": prefix + base64.urlsafe_b64encode(drawn).decode().rstrip("="),
        "dec": prefix + str(int.from_bytes(drawn, "big")),
        "hex": prefix + drawn.hex(),
    }


def _text(inputs: Mapping[str, Any], length: int) -> str:
    """`length` characters with at least the asked number of each class."""
    classes = {
        "lower": string.ascii_lowercase,
        "upper": string.ascii_uppercase,
        "numeric": string.digits,
        "special": inputs.get("overrideSpecial") or _SPECIAL,
    }
    allowed = {name: letters for name, letters in classes.items() if inputs.get(name) is not False}
    drawn = [
        secrets.choice(letters)
        for name, letters in allowed.items()
        for _ in range(int(inputs.get(f"min{name.capitalize()}") or 0))
    ]
    everything = "".join(allowed.values())
    drawn += [secrets.choice(everything) for _ in range(length - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)
