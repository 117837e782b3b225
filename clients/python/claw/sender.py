"""Takes events from memory to the server, or to the disk while the server is away."""

from __future__ import annotations

import json
import os
import random
import threading
import time
import weakref
from collections import deque
from typing import Any, Callable, Mapping, Optional

from .spool import Spool
from .tally import Tally
from .wire import Wire

#: Refused for a reason of the server's own, which may pass.
_KEEP = ("queue.", "config.", "data.", "server.", "seal.root_key", "store.", "engine.damaged")
_BACKOFF_S = 0.25
#: While the server is away, memory goes to the disk this often.
_SPILL_S = 1.0
#: Segments that others leave are looked for this often.
_RESCAN_S = 30.0
#: Counts of drops may go past the bound of the spool.
_GAP_BYTES = 64 * 1024


class Sender:
    """A thread of its own, begun with the first event; record() waits for no disk, no network."""

    def __init__(
        self,
        wire: Wire,
        spool: Optional[Spool],
        limits: Mapping[str, Any],
        tally: Tally,
        report: Callable[[str, str], None],
    ) -> None:
        self._wire, self._spool, self._limits = wire, spool, limits
        self._tally, self._report = tally, report
        self._queue: deque[bytes] = deque()
        self._gaps: list[bytes] = []
        self._bytes = 0
        self.delivered = 0
        self.dropped = 0
        self._failures = 0
        self._retry_at = 0.0
        self._asked_at = 0.0
        self._scanned_at = 0.0
        self._trouble = ""
        self._closed = False
        self._fresh()
        if hasattr(os, "register_at_fork"):
            own = weakref.ref(self)
            os.register_at_fork(after_in_child=lambda: _forked(own()))

    def _fresh(self) -> None:
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._sending = threading.Lock()
        self._thread: Optional[threading.Thread] = None
        self._spilling = threading.RLock()
        #: Rounds that were made, and up to which one somebody waits.
        self._rounds = 0
        self._wanted = 0
        self._idle = True

    def forked(self) -> None:
        """What is in memory is the parent's to send."""
        self._fresh()
        self._queue.clear()
        self._gaps = []
        self._tally.take()
        self._bytes = 0
        self._wire.forget()
        if self._spool:
            self._spool.own()

    def add(self, line: bytes) -> bool:
        with self.lock:
            if self._bytes + len(line) > self._limits["queue_bytes"]:
                return False
            self._queue.append(line)
            self._bytes += len(line)
            self._begin()
            if len(self._queue) in (1, self._limits["batch_events"]):
                self._changed.notify_all()
            return True

    def drop(self, reason: str, session_id: Any, event_id: str) -> None:
        with self.lock:
            self.dropped += 1
            self._tally.add(reason, session_id, event_id)
            self._begin()
            self._changed.notify_all()

    def away(self) -> bool:
        return self._retry_at > time.monotonic()

    def queued(self) -> tuple[int, int]:
        with self.lock:
            return len(self._queue), self._bytes

    def flush(self, timeout: float) -> None:
        """Until all is acknowledged, or synced to the spool, or the time is over."""
        until = time.monotonic() + timeout
        with self.lock:
            self._retry_at = self._asked_at
            self._scanned_at = 0.0
            # A round that is under way began before this.
            wanted = self._rounds + (1 if self._idle else 2)
            self._wanted = max(self._wanted, wanted)
            self._begin()
            self._changed.notify_all()
            while self._rounds < wanted or self._unsent():
                left = until - time.monotonic()
                if left <= 0 or not self._alive():
                    break
                self._changed.wait(min(left, 0.1))
            alive = self._alive()
        if not alive and not self._closed:
            self.pump()
        if self._unsent():
            self.spill()

    def spill(self) -> None:
        """What is in memory goes to the disk, at once. Never raises."""
        spool = self._spool
        if spool is None:
            return
        with self._spilling:
            with self.lock:
                self._gaps += self._tally.take()
                lines, gaps = list(self._queue), list(self._gaps)
            try:
                for batch in _batches(lines, self._limits["batch_bytes"]):
                    if not spool.write(batch):
                        break
                    self._take_off(batch, [])
                if gaps and spool.write(gaps, _GAP_BYTES):
                    self._forget_gaps(gaps)
            except OSError as error:
                self._report("data.unwritable", f"The spool cannot be used: {error}.")

    def close(self) -> None:
        with self.lock:
            self._closed = True
            self._changed.notify_all()

    def _unsent(self) -> bool:
        return bool(self._queue or self._gaps or self._tally.pending())

    def _alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _begin(self) -> None:
        if self._closed or self._alive():
            return
        thread = threading.Thread(target=self._run, name="claw", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return  # The interpreter is ending: a flush does the work itself.
        self._thread = thread

    def _run(self) -> None:
        while self._wait_for_work():
            try:
                self.pump()
            except Exception as error:  # The next round may do better; the thread must not end.
                self._set_away(f"Sending failed: {error}.", 0)
            with self.lock:
                self._rounds += 1
        self._wire.close()

    def _wait_for_work(self) -> bool:
        """Between two rounds. False when there is nothing more to do, ever."""
        with self.lock:
            self._idle = True
            self._changed.notify_all()
            until = time.monotonic() + self._pause()
            while not self._closed:
                now = time.monotonic()
                away = self._retry_at - now
                pressed = self._wanted > self._rounds
                full = len(self._queue) >= self._limits["batch_events"]
                if now >= until or (away <= 0 and (pressed or full)):
                    break
                self._changed.wait(until - now)
                until = min(until, time.monotonic() + self._pause())
            self._idle = False
            return not self._closed

    def _pause(self) -> float:
        away = self._retry_at - time.monotonic()
        if away > 0:
            return min(away, _SPILL_S) if self._queue and self._spool else away
        return self._limits["interval_s"] if self._unsent() else _RESCAN_S

    def pump(self) -> None:
        with self._sending:
            while not self._closed and not self.away():
                self._send_gaps()
                batch = [] if self.away() else self._oldest()
                if batch:
                    left = self._deliver(batch)
                    self._take_off(batch, left)
                drained = not self.away() and self._drain()
                if not batch and not drained:
                    break
            if self.away():
                self.spill()

    def _oldest(self) -> list[bytes]:
        with self.lock:
            batch, size = [], 0
            for line in self._queue:
                size += len(line) + 1
                full = len(batch) >= self._limits["batch_events"]
                if batch and (full or size > self._limits["batch_bytes"]):
                    break
                batch.append(line)
            return batch

    def _take_off(self, batch: list[bytes], left: list[bytes]) -> None:
        """By identity: what was spilled meanwhile is no longer there."""
        with self.lock:
            gone = {id(line) for line in batch} - {id(line) for line in left}
            kept = deque(line for line in self._queue if id(line) not in gone)
            self._queue = kept
            self._bytes = sum(map(len, kept))
            self._changed.notify_all()

    def _send_gaps(self) -> None:
        with self.lock:
            self._gaps += self._tally.take()
            gaps = list(self._gaps)
        if gaps:
            left = {id(line) for line in self._deliver(gaps)}
            self._forget_gaps([line for line in gaps if id(line) not in left])

    def _forget_gaps(self, gaps: list[bytes]) -> None:
        with self.lock:
            gone = {id(line) for line in gaps}
            self._gaps = [line for line in self._gaps if id(line) not in gone]
            self._changed.notify_all()

    def _drain(self) -> bool:
        """A segment from disk, whoever left it."""
        spool = self._spool
        now = time.monotonic()
        if spool is None or (self._scanned_at and now - self._scanned_at < _RESCAN_S):
            return False
        try:
            segment = spool.claim()
            if segment is None:
                self._scanned_at = now
                return False
            left: list[bytes] = []
            for batch in _batches(segment.lines, self._limits["batch_bytes"]):
                left += batch if self.away() else self._deliver(batch)
            # What is left becomes a segment of its own, or refused events would count twice.
            if not left or (len(left) < len(segment.lines) and spool.write(left)):
                segment.done()
            else:
                segment.release()
            return True
        except OSError as error:
            self._scanned_at = now
            self._report("data.unwritable", f"The spool cannot be used: {error}.")
            return False

    def _deliver(self, lines: list[bytes]) -> list[bytes]:
        """Sends; what comes back is still to be sent."""
        sent = self._wire.send(lines)
        if sent.kind == "away":
            self._set_away(sent.message, sent.wait_s)
            return lines
        if sent.kind == "answered":
            return self._settle(lines, sent.results)
        if len(lines) == 1:
            self._refuse(lines[0], sent.message)
            return []
        # Something in this body is refused as a whole: halves find it, and the others pass.
        middle = (len(lines) + 1) // 2
        left = self._deliver(lines[:middle])
        return left + (lines[middle:] if self.away() else self._deliver(lines[middle:]))

    def _settle(self, lines: list[bytes], results: list[Any]) -> list[bytes]:
        left = []
        for line, result in zip(lines, results):
            result = result if isinstance(result, dict) else {}
            if result.get("status") in ("accepted", "duplicate"):
                self.delivered += 1
                continue
            error = result.get("error")
            error = error if isinstance(error, dict) else {"code": "server.unreachable"}
            if str(error.get("code")).startswith(_KEEP):
                left.append(line)
            else:
                self._refuse(line, str(error.get("message", "The server refused the event.")))
        if len(left) < len(lines):
            self._set_back()
        if left:
            self._set_away("The server cannot keep events now.", 0)
        return left

    def _refuse(self, line: bytes, message: str) -> None:
        self._set_back()
        try:
            event = json.loads(line)
        except ValueError:
            event = {}
        # A refused gap event must not beget another.
        if event.get("type") == "gap":
            self.dropped += 1
        else:
            self.drop("rejected", event.get("session_id"), str(event.get("id", "")))
        self._report("event.invalid", message)

    def _set_away(self, message: str, wait_s: float) -> None:
        now = time.monotonic()
        step = min(_BACKOFF_S * 2 ** min(self._failures, 20), self._limits["backoff_s"])
        self._failures += 1
        self._asked_at = now + wait_s if wait_s > 0 else 0.0
        self._retry_at = now + max(wait_s, step * (0.5 + random.random() / 2))
        if self._trouble != message[:40]:
            self._report("server.unreachable", message)
        self._trouble = message[:40]

    def _set_back(self) -> None:
        self._failures, self._trouble = 0, ""
        self._asked_at = self._retry_at = 0.0


def _forked(sender: Optional[Sender]) -> None:
    if sender is not None:
        sender.forked()


def _batches(lines: list[bytes], size_bytes: int) -> list[list[bytes]]:
    batches: list[list[bytes]] = []
    size = 0
    for line in lines:
        size += len(line) + 1
        if not batches or size > size_bytes or len(batches[-1]) >= 500:
            batches.append([])
            size = len(line) + 1
        batches[-1].append(line)
    return batches
