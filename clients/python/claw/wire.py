"""One HTTP request to Claw, and what its answer means."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from typing import Any, NamedTuple, Optional
from urllib.parse import urlsplit

_ANSWER_BYTES = 64 * 1024 * 1024
_WAIT_S = 300.0
#: These speak of the body: less of it, or none of it, may pass. All else may change with time.
_REFUSED = (400, 413, 415, 422)


class Sent(NamedTuple):
    """`answered` with a result an event, `refused` whatever is tried, or `away` for now."""

    kind: str
    results: list[Any] = []
    message: str = ""
    wait_s: float = 0.0


class Wire:
    """Used by one thread at a time."""

    def __init__(self, url: str, token: Optional[str], request_s: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url must begin with http:// or https:// and name a host.")
        if parts.username or parts.password:
            raise ValueError("url holds a name or password: give the credential as token.")
        if token and not all("!" <= char <= "~" for char in token):
            raise ValueError("token holds characters that no token has.")
        port = f":{parts.port}" if parts.port else ""
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        path = parts.path if parts.path.endswith("/") else f"{parts.path}/"
        self.url = f"{parts.scheme}://{host}{port}{path}"
        self._parts = parts
        self._path = path
        self._token = token
        self._request_s = request_s
        self._line: Optional[http.client.HTTPConnection] = None

    def send(self, lines: list[bytes]) -> Sent:
        """Never raises."""
        body = b"\n".join(lines) + b"\n"
        for again in (True, False):
            kept = self._line is not None
            try:
                return _meaning(*self._post(body), count=len(lines))
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.close()
                # A kept connection that the server had just closed is tried once more.
                if not (again and kept and not isinstance(error, socket.timeout)):
                    return Sent("away", message=f"Claw at {self.url} does not answer: {error}.")
        raise AssertionError("unreachable")

    def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def forget(self) -> None:
        """After a fork the connection is the parent's: it is let go, not closed."""
        self._line = None

    def _post(self, body: bytes) -> tuple[int, bytes, Optional[str]]:
        line = self._line = self._line or self._connect()
        headers = {"content-type": "application/x-ndjson", "accept": "application/json"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        line.request("POST", f"{self._path}v1/events", body, headers)
        answer = line.getresponse()
        data = answer.read(_ANSWER_BYTES + 1)
        if len(data) > _ANSWER_BYTES:
            raise ValueError(f"an answer of over {_ANSWER_BYTES} bytes")
        if answer.will_close:
            self.close()
        return answer.status, data, answer.getheader("retry-after")

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=self._request_s)
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=self._request_s, context=context)


def _meaning(status: int, data: bytes, retry_after: Optional[str], count: int) -> Sent:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        body = None
    body = body if isinstance(body, dict) else {}
    results = body.get("results")
    if isinstance(results, list) and len(results) == count:
        return Sent("answered", results=results)
    error = body.get("error")
    said = error.get("message") if isinstance(error, dict) else None
    message = said if isinstance(said, str) else f"The server answered with HTTP status {status}."
    if status in _REFUSED:
        return Sent("refused", message=message)
    wait = float(retry_after) if retry_after and retry_after.strip().isdecimal() else 0.0
    return Sent("away", message=message, wait_s=min(wait, _WAIT_S))
