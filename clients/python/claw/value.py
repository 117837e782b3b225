"""Makes any value JSON-safe and bounded, and names what it could not keep in its place."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import enum
import math
from typing import Any, Mapping

#: Levels below the value itself; the server takes 64 for the whole event.
_DEPTH = 32
_BYTES = 4096
#: Numbers beyond this are not exact in JSON as others read it.
_EXACT = 2**53 - 1


def safe(value: Any, chars: int) -> Any:
    """A copy that JSON can carry, of about `chars` characters at most. Never raises."""
    try:
        return _Walk(chars).keep(value, 0)
    except Exception:
        return "[Unreadable]"


def safe_error(error: BaseException, chars: int) -> dict[str, str]:
    """What was raised, as an event's `error`. Never raises."""
    try:
        message = str(error)
    except Exception:
        message = "[Unreadable]"
    return {"code": type(error).__name__[:100], "message": _cut(message, chars)}


class _Walk:
    def __init__(self, left: int) -> None:
        self.left = left
        self.open: set[int] = set()

    def keep(self, value: Any, depth: int) -> Any:
        self.left -= 4
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, enum.Enum):
            return self.keep(value.value, depth)
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int):
            return int(value) if abs(value) <= _EXACT else self.text(_digits(value))
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else str(value)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return self.bytes(bytes(value[: _BYTES + 1]), len(value))
        if isinstance(value, (datetime.datetime, datetime.date)):
            return value.isoformat()
        return self.nested(value, depth)

    def nested(self, value: Any, depth: int) -> Any:
        if id(value) in self.open:
            return "[Circular]"
        if depth >= _DEPTH:
            return f"[Nested deeper than {_DEPTH} levels]"
        self.open.add(id(value))
        try:
            return self.parts(value, depth + 1)
        except Exception as error:
            return f"[Unreadable: {type(error).__name__}]"
        finally:
            self.open.discard(id(value))

    def parts(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            return self.fields(value, depth)
        if isinstance(value, (list, tuple)):
            return self.items(value, len(value), depth)
        if isinstance(value, (set, frozenset)):
            return {"$type": "set", "values": self.items(value, len(value), depth)}
        if isinstance(value, BaseException):
            return {"$type": "Error", **safe_error(value, max(0, self.left))}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in dataclasses.fields(value)]
            return self.fields({name: getattr(value, name) for name in names}, depth)
        if callable(value):
            return self.text(f"[Function {getattr(value, '__name__', '(anonymous)')}]")
        return self.text(f"[{type(value).__name__}]")

    def fields(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for count, (key, item) in enumerate(value.items()):
            if self.left <= 0:
                kept["…"] = f"[+{len(value) - count} fields]"
                break
            name = _cut(key if isinstance(key, str) else str(key), max(100, self.left))
            self.left -= len(name)
            kept[name] = self.keep(item, depth)
        return kept

    def items(self, values: Any, count: int, depth: int) -> list[Any]:
        kept: list[Any] = []
        for item in values:
            if self.left <= 0:
                kept.append(f"[+{count - len(kept)} items]")
                break
            kept.append(self.keep(item, depth))
        return kept

    def text(self, value: str) -> str:
        kept = _cut(value, max(0, self.left))
        self.left -= len(kept)
        return kept

    def bytes(self, value: bytes, size: int) -> dict[str, Any]:
        kept = value[: min(_BYTES, max(0, self.left))]
        self.left -= len(kept)
        return {"$type": "bytes", "size_bytes": size, "base64": base64.b64encode(kept).decode()}


def _digits(value: int) -> str:
    """Python itself refuses to print a number of very many digits."""
    return f"{value}n" if value.bit_length() < 10_000 else f"[A number of {value.bit_length()} bits]"


def _cut(value: str, chars: int) -> str:
    return value if len(value) <= chars else f"{value[:chars]}[+{len(value) - chars} characters]"
