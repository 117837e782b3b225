"""Events on their way: ids, times, and the line of JSON that is sent."""

from __future__ import annotations

import json
import os
import time
from datetime import datetime, timezone
from typing import Any, Mapping

from .value import safe

VERSION = "0.1.0"
#: Characters kept of one draft whose values JSON cannot carry as they are.
_DRAFT_CHARS = 4 * 1024 * 1024


def new_id() -> str:
    """A UUID of version 7 (RFC 9562): milliseconds, then chance."""
    chance = bytearray(os.urandom(10))
    chance[0] = chance[0] & 0x0F | 0x70
    chance[2] = chance[2] & 0x3F | 0x80
    text = (time.time_ns() // 1_000_000).to_bytes(6, "big").hex() + chance.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def time_text(seconds: float) -> str:
    """RFC 3339 in UTC with milliseconds."""
    at = datetime.fromtimestamp(seconds, timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def encode(draft: Any, defaults: Mapping[str, Any]) -> tuple[str, bytes]:
    """The event's id and its line. Raises ValueError for what is no event."""
    if not isinstance(draft, Mapping):
        raise ValueError("An event must be a mapping.")
    for field in ("type", "session_id"):
        value = draft.get(field)
        if not isinstance(value, str) or not value:
            raise ValueError(f"{field} is required.")
    event = {key: value for key, value in draft.items() if value is not None}
    given = event.get("id")
    event["id"] = given.lower() if isinstance(given, str) and given else new_id()
    event.setdefault("time", time_text(time.time()))
    for key, value in defaults.items():
        event.setdefault(key, value)
    return event["id"], json_line(event)


def json_line(event: Mapping[str, Any]) -> bytes:
    try:
        text = json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        kept = safe(event, _DRAFT_CHARS)
        text = json.dumps(kept, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A lone surrogate has no UTF-8: it is sent as the character that stands for what is unknown.
    return text.encode("utf-8", "replace")
