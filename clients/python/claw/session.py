"""A session's handle: fills in the ids, so that an agent says only what happened."""

from __future__ import annotations

import functools
import inspect
import time
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional, TypeVar, Union

from .event import new_id
from .value import safe, safe_error

if TYPE_CHECKING:
    from .client import Claw

_Tool = TypeVar("_Tool", bound=Callable[..., Any])
Who = Union[str, Mapping[str, Any], None]


def named(value: Who) -> Optional[dict[str, Any]]:
    """A string names an id."""
    if value is None:
        return None
    return {"id": value} if isinstance(value, str) else dict(value)


class Call:
    """A tool call that was announced. The first outcome stands; a second one is not recorded."""

    def __init__(self, session: Session, tool: str, arguments: Any, fields: dict[str, Any]) -> None:
        given = fields.pop("call_id", None)
        self.call_id: str = given if isinstance(given, str) and given else new_id()
        self._session = session
        turn = {} if session.turn_id is None else {"turn_id": session.turn_id}
        self._common = {**turn, "type": "tool_call", "tool": tool, "call_id": self.call_id}
        self._done = False
        kept = {} if arguments is None else {"arguments": session._safe(arguments)}
        session.record({**fields, **self._common, **kept, "status": "pending"})
        self._began = time.perf_counter()

    def success(self, result: Any = None, **fields: Any) -> str:
        kept = {} if result is None else {"result": self._session._safe(result)}
        return self._finish({**kept, **fields, "status": "success"})

    def error(self, error: Union[BaseException, str], **fields: Any) -> str:
        told = (
            self._session._safe_error(error)
            if isinstance(error, BaseException)
            else {"message": str(error)}
        )
        return self._finish({"error": told, **fields, "status": "error"})

    def blocked(self, reason: str, policy_id: Optional[str] = None, **fields: Any) -> str:
        policies = {} if policy_id is None else {"policy_ids": [policy_id]}
        decision = {"outcome": "deny", "by": "policy", "reason": reason, **policies}
        return self._finish({"decision": decision, "detail": reason, **fields, "status": "blocked"})

    def unknown(self, reason: str, **fields: Any) -> str:
        """It ended, and nobody saw how."""
        return self._finish({"detail": reason, **fields, "status": "unknown"})

    def _finish(self, fields: dict[str, Any]) -> str:
        if self._done:
            return ""
        self._done = True
        took = round((time.perf_counter() - self._began) * 1000, 3)
        return self._session.record({"duration_ms": took, **fields, **self._common})


class Session:
    """Every function that records returns the event's id. None of them raises."""

    def __init__(self, claw: Claw, base: dict[str, Any], begins: bool) -> None:
        self._claw = claw
        self._base = base
        self.session_id: str = base["session_id"]
        self.turn_id: Optional[str] = None
        if begins:
            self.record(
                {"type": "session", "status": "pending", "detail": "The session began."}
            )

    def prompt(self, text: str, **fields: Any) -> str:
        """Begins a turn: what follows carries its `turn_id`."""
        self.turn_id = new_id()
        return self.record({**fields, "type": "prompt", "content": self._text(text)})

    def output(self, text: str, **fields: Any) -> str:
        """`tokens` as a number is the total."""
        tokens = fields.get("tokens")
        if isinstance(tokens, (int, float)):
            fields["tokens"] = {"total": tokens}
        return self.record({**fields, "type": "output", "content": self._text(text)})

    def start(self, tool: str, arguments: Any = None, **fields: Any) -> Call:
        """Records a tool call as pending, and hands back what records what came of it."""
        return Call(self, tool, arguments, fields)

    def api_call(self, destination: str, **fields: Any) -> str:
        return self.record({**fields, "type": "api_call", "destination": destination})

    def file_operation(self, operation: str, path: Any, **fields: Any) -> str:
        told = {"operation": operation, "path": str(path)}
        return self.record({**fields, **told, "type": "file_operation"})

    def record(self, draft: Mapping[str, Any]) -> str:
        """Any other event of this session."""
        turn = {} if self.turn_id is None else {"turn_id": self.turn_id}
        return self._claw.record({**turn, **draft, **self._base})

    def child(self, session_id: Optional[str] = None, **options: Any) -> Session:
        """A sub-agent's session: its `parent_session_id` is this one."""
        kept = {key: self._base.get(key) for key in ("agent", "user", "channel", "task_id")}
        given = {**{key: value for key, value in kept.items() if value is not None}, **options}
        return self._claw.session(session_id, parent_session_id=self.session_id, **given)

    def end(self, **fields: Any) -> str:
        ended = {"status": "success", "detail": "The session ended."}
        return self.record({**ended, **fields, "type": "session"})

    def tool(self, function: Any = None, *, name: Optional[str] = None, **fields: Any) -> Any:
        """Decorates a function, sync or async, so that each call is recorded."""
        return self._claw.tool(function, session=self, name=name, **fields)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: Any, error: Optional[BaseException], trace: Any) -> None:
        if error is None:
            self.end()
        else:
            self.end(status="error", error=self._safe_error(error))

    def _safe(self, value: Any) -> Any:
        return safe(value, self._claw.limits["value_chars"])

    def _safe_error(self, error: BaseException) -> dict[str, str]:
        return safe_error(error, self._claw.limits["value_chars"])

    def _text(self, text: Any) -> str:
        return text if isinstance(text, str) else str(self._safe(text))


def wrap(function: _Tool, begin: Callable[[dict[str, Any]], Optional[Call]]) -> _Tool:
    """The same function: arguments, result and what is raised pass through unchanged."""
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError("tool cannot record a generator: what it does happens later, unseen.")
    if not callable(function) or inspect.isclass(function):
        raise TypeError("tool takes a function.")
    arguments = _arguments_of(function)

    def started(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Optional[Call]:
        try:
            return begin(arguments(args, kwargs))
        except Exception:
            return None  # Recording must not break the tool.

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            call = started(args, kwargs)
            try:
                result = await function(*args, **kwargs)
            except BaseException as error:
                _failed(call, error)
                raise
            if call:
                call.success(result)
            return result

        return awaited  # type: ignore[return-value]

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        call = started(args, kwargs)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            _failed(call, error)
            raise
        if call and inspect.isawaitable(result):
            call.unknown("It answered with an awaitable, whose outcome was not seen.")
        elif call:
            call.success(result)
        return result

    return called  # type: ignore[return-value]


def _failed(call: Optional[Call], error: BaseException) -> None:
    if call is None:
        return
    # asyncio's own, without loading asyncio: what a cancelled tool did is not known.
    if type(error).__name__ == "CancelledError":
        call.unknown("It was cancelled.")
    else:
        call.error(error)


def _arguments_of(function: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    try:
        signature: Optional[inspect.Signature] = inspect.signature(function)
    except (TypeError, ValueError):
        signature = None

    def arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        try:
            bound = dict(signature.bind(*args, **kwargs).arguments) if signature else None
        except TypeError:
            bound = None  # The call itself raises what is wrong with it.
        if bound is None:
            return {"args": list(args), **kwargs}
        return {name: value for name, value in bound.items() if name not in ("self", "cls")}

    return arguments
