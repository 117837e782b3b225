"""The face for agents: records what they do, in the background, and loses none of it."""

from __future__ import annotations

import atexit
import os
import signal
import threading
import warnings
from typing import Any, Callable, Mapping, Optional, Union

from .event import VERSION, encode, new_id
from .sender import Sender
from .session import Call, Session, Who, named, wrap
from .spool import Spool, home
from .tally import Tally
from .wire import Wire

_MIB = 1024 * 1024
LIMITS: Mapping[str, Any] = {
    "batch_events": 500,
    "batch_bytes": _MIB,
    "interval_s": 0.1,
    "event_bytes": 8 * _MIB,
    "queue_bytes": 16 * _MIB,
    "spool_bytes": 256 * _MIB,
    "value_chars": 512 * 1024,
    "request_s": 10.0,
    "backoff_s": 30.0,
    "exit_s": 3.0,
}
#: Kept until they are closed: what they hold is delivered when the process ends.
_clients: set["Claw"] = set()


class Claw:
    """Connects to Claw, without waiting for it. Memory and spool are bounded, and what passes
    both is dropped, the newest first, and counted in a `gap` event.

    `url`: `CLAW_URL`, else `http://127.0.0.1:4620`. `token`: of role recorder; `CLAW_TOKEN`.
    `agent`, `user`: who acts and for whom, in every event that does not say otherwise.
    `spool`: the folder that keeps events while the server is away; False keeps them in memory.
    `limits`: any of `LIMITS`. `on_error(code, message)`: without it, the first of each code is a
    warning. `signals`: "leave" installs no handler for SIGTERM and SIGHUP, which then lose what is
    in memory. Raises ValueError for an option that cannot be used.
    """

    def __init__(
        self,
        url: Optional[str] = None,
        token: Optional[str] = None,
        *,
        agent: Who = None,
        user: Who = None,
        environment: Optional[str] = None,
        spool: Union[str, "os.PathLike[str]", bool, None] = None,
        limits: Optional[Mapping[str, Any]] = None,
        on_error: Optional[Callable[[str, str], None]] = None,
        signals: str = "spool",
    ) -> None:
        self.limits = {**LIMITS, **_checked(limits or {})}
        token = token or os.environ.get("CLAW_TOKEN") or None
        url = url or os.environ.get("CLAW_URL") or "http://127.0.0.1:4620"
        wire = Wire(url, token, self.limits["request_s"])
        folder = home(wire.url, token) if spool is None or spool is True else spool
        kept = None if folder is False else Spool(os.fspath(folder), self.limits["spool_bytes"])
        self._defaults = _defaults(agent, user, environment)
        self._on_error = on_error
        self._warned: set[str] = set()
        self._recorded = 0
        self._closed = False
        tally = Tally(self._defaults)
        self._sender = Sender(wire, kept, self.limits, tally, self._report)
        _clients.add(self)
        if signals == "spool":
            _listen()

    def record(self, draft: Mapping[str, Any]) -> str:
        """Takes a snapshot and returns the event's id at once. Never raises: what is no event is
        reported, counted, and recorded as a `gap`."""
        self._recorded += 1
        try:
            event_id, line = encode(draft, self._defaults)
        except Exception as error:
            event_id = new_id()
            session_id = draft.get("session_id") if isinstance(draft, Mapping) else None
            self._sender.drop("invalid", session_id, event_id)
            self._report("event.invalid", str(error))
            return event_id
        reason = "exit" if self._closed else None
        if len(line) > self.limits["event_bytes"]:
            reason = "too_large"
        elif reason is None and not self._sender.add(line):
            self._sender.spill()
            reason = None if self._sender.add(line) else "full"
        if reason is not None:
            self._sender.drop(reason, draft.get("session_id"), event_id)
            self._report(_CODES[reason], f"An event was dropped: {reason}.")
        return event_id

    def session(
        self,
        session_id: Optional[str] = None,
        *,
        agent: Who = None,
        user: Who = None,
        **fields: Any,
    ) -> Session:
        """An existing session's handle; without its id a new one begins, and says so."""
        base = {key: value for key, value in fields.items() if value is not None}
        if agent is not None:
            base["agent"] = {"runtime": "python", **(named(agent) or {})}
        if user is not None:
            base["user"] = named(user)
        base["session_id"] = session_id or new_id()
        return Session(self, base, begins=session_id is None)

    def tool(
        self,
        function: Any = None,
        *,
        session: Union[Session, str, Callable[[], Union[Session, str]]],
        name: Optional[str] = None,
        **fields: Any,
    ) -> Any:
        """Decorates a function, sync or async, so that each call is recorded before and after."""

        def decorate(inner: Any) -> Any:
            called = name or getattr(inner, "__name__", "")
            if not called or called == "<lambda>":
                raise TypeError("A function without a name needs the option name.")

            def begin(arguments: dict[str, Any]) -> Optional[Call]:
                try:
                    found = session() if callable(session) else session
                    opened = self.session(found) if isinstance(found, str) else found
                    return opened.start(called, arguments, **fields)
                except Exception:
                    self._report("usage.invalid", "A tool ran unrecorded: it has no session.")
                    return None

            return wrap(inner, begin)

        return decorate if function is None else decorate(function)

    def flush(self, timeout: float = 10.0) -> dict[str, int]:
        """Returns when all that was recorded is acknowledged by the server, or synced to the
        spool, or the time (seconds) is over; `unsent` events are then neither."""
        self._sender.flush(timeout)
        return {"unsent": self._sender.queued()[0]}

    def status(self) -> dict[str, Any]:
        """Counts: recorded, delivered (others' spooled events among them), dropped, queued."""
        queued, queued_bytes = self._sender.queued()
        return {
            "recorded": self._recorded,
            "delivered": self._sender.delivered,
            "dropped": self._sender.dropped,
            "queued": queued,
            "queued_bytes": queued_bytes,
            "away": self._sender.away(),
        }

    def close(self, timeout: float = 10.0) -> None:
        """Flushes, puts the rest on the spool and stops; what is recorded later is dropped."""
        if self._closed:
            return
        self._sender.flush(timeout)
        self._sender.spill()
        self._closed = True
        self._sender.close()
        _clients.discard(self)

    def __enter__(self) -> Claw:
        return self

    def __exit__(self, *_error: Any) -> None:
        self.close()

    def _report(self, code: str, message: str) -> None:
        try:
            if self._on_error:
                self._on_error(code, message)
            elif code not in self._warned:
                self._warned.add(code)
                warnings.warn(f"claw: {message}", RuntimeWarning, stacklevel=3)
        except Exception:
            pass  # The agent's work goes on, whatever its error handler does.


_CODES = {"exit": "server.closing", "too_large": "event.too_large", "full": "queue.full"}


def _defaults(agent: Who, user: Who, environment: Optional[str]) -> dict[str, Any]:
    given = {
        "agent": {"runtime": "python", **(named(agent) or {})},
        "user": named(user),
        "environment": environment,
        "source": {"kind": "sdk", "runtime": "python", "version": VERSION},
    }
    return {key: value for key, value in given.items() if value is not None}


def _checked(limits: Mapping[str, Any]) -> Mapping[str, Any]:
    for key, value in limits.items():
        if key not in LIMITS:
            raise ValueError(f"limits.{key} is no option.")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            raise ValueError(f"limits.{key} must be a number above 0.")
    return limits


@atexit.register
def _leave() -> None:
    for client in list(_clients):
        client.close(client.limits["exit_s"])


def _listen() -> None:
    """A signal that would end the process: to the spool first, then it ends it all the same."""
    if threading.current_thread() is not threading.main_thread():
        return
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _on_signal)


def _on_signal(number: int, _frame: Any) -> None:
    for client in list(_clients):
        client._sender.spill()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
