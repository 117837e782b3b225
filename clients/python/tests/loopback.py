"""A server on loopback that answers as Claw does, and can be told to be away or to refuse."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Loopback:
    def __init__(self, port: int = 0) -> None:
        self.events: dict[str, dict] = {}
        self.requests: list[int] = []
        self.status = 200
        self.most = 1_000_000
        self.poison = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def facts(self, *names: str) -> list:
        return [[event.get(name) for name in names] for event in self.events.values()]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type:
        own = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["content-length"]))
                lines = [line for line in text.split(b"\n") if line]
                own.requests.append(len(lines))
                status = 413 if len(lines) > own.most else own.status
                if own.poison and own.poison.encode() in text:
                    status = 400
                if status != 200:
                    body = {"error": {"code": "x", "message": "told to refuse"}}
                else:
                    events = [json.loads(line) for line in lines]
                    for event in events:
                        own.events.setdefault(event["id"], event)
                    body = {"results": [{"status": "accepted", "id": e["id"]} for e in events]}
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_args: object) -> None:
                pass

        return Handler
