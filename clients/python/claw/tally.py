"""Counts what was dropped and turns the counts into `gap` events, so that no drop is silent."""

from __future__ import annotations

import time
from typing import Any, Mapping

from .event import json_line, new_id, time_text

#: Sessions that have a gap event of their own; what others dropped is counted together.
_SESSIONS = 64
#: Dropped events that a gap event names.
_IDS = 20
_NO_SESSION = "claw-sdk"


class Tally:
    """Not synchronised: its owner holds a lock."""

    def __init__(self, defaults: Mapping[str, Any]) -> None:
        self._defaults = defaults
        self._open: dict[str, dict[str, Any]] = {}

    def add(self, reason: str, session_id: Any, event_id: str) -> None:
        usable = isinstance(session_id, str) and 0 < len(session_id) <= 512
        wanted = session_id if usable else _NO_SESSION
        if wanted not in self._open and len(self._open) >= _SESSIONS:
            wanted = _NO_SESSION
        now = time.time()
        fresh = {"id": new_id(), "from": now, "dropped": 0, "reasons": {}, "ids": []}
        group = self._open.setdefault(wanted, fresh)
        group["dropped"] += 1
        group["to"] = now
        group["reasons"][reason] = group["reasons"].get(reason, 0) + 1
        if len(group["ids"]) < _IDS:
            group["ids"].append(event_id[:64])

    def pending(self) -> bool:
        return bool(self._open)

    def take(self) -> list[bytes]:
        """The gap events as they stand; whoever takes them keeps them until they are safe."""
        taken, self._open = self._open, {}
        return [self._line(session_id, group) for session_id, group in taken.items()]

    def _line(self, session_id: str, group: Mapping[str, Any]) -> bytes:
        dropped, reasons = group["dropped"], group["reasons"]
        why = ", ".join(f"{times} {reason}" for reason, times in reasons.items())
        return json_line(
            {
                **self._defaults,
                "id": group["id"],
                "time": time_text(group["to"]),
                "type": "gap",
                "session_id": session_id,
                "status": "unknown",
                "detail": f"The SDK dropped {dropped} event{'' if dropped == 1 else 's'}: {why}.",
                "attributes": {
                    "dropped": dropped,
                    "reasons": reasons,
                    "from": time_text(group["from"]),
                    "to": time_text(group["to"]),
                    "event_ids": group["ids"],
                },
            }
        )
