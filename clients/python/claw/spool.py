"""Keeps events on disk while the server is away, until some process on this folder sent them.

The folder is that of the JavaScript client, in its form: `<time>-<random>.ndjson` is ready for
any process; with `.<host>-<pid>-<random>` behind it, it belongs to that process. It changes hands
by one rename, so that only one can win.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import socket
import stat
import time
from typing import Optional

_READY = re.compile(r"\d{13}-[0-9a-f]{8}\.ndjson\Z")
_OWNED = re.compile(r"(\d{13}-[0-9a-f]{8}\.ndjson)\.([0-9a-f]{8})-(\d{1,10})-([0-9a-f]{8})\Z")
_HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
#: A file whose process may be another one of the same number: ours after this silence.
_LEASE_S = 120.0
#: What a file takes on disk at least, so that small ones are bounded too.
_BLOCK_BYTES = 4096
#: The owners in this process, which are alive as long as it is.
_alive: set[str] = set()


def home(url: str, token: Optional[str]) -> str:
    """A credential decides the tenant, so two credentials never share a default folder."""
    key = hashlib.sha256(f"claw/spool/v1\n{url}\n{token or ''}".encode()).hexdigest()[:16]
    return os.path.join(os.path.expanduser("~"), ".claw", "spool", key)


class Segment:
    """Lines that are ours to send, until `done` or `release`."""

    def __init__(self, path: str, ready: str, lines: list[bytes]) -> None:
        self._path = path
        self._ready = ready
        self.lines = lines

    def done(self) -> None:
        try:
            os.unlink(self._path)
        except FileNotFoundError:
            pass

    def release(self) -> None:
        _move(self._path, self._ready)


class Spool:
    def __init__(self, path: str, limit_bytes: int) -> None:
        self._path = path
        self._limit = limit_bytes
        self.own()

    def own(self) -> None:
        """A forked child owns nothing of its parent's."""
        self._owner = f"{_HOST}-{os.getpid()}-{secrets.token_hex(4)}"
        _alive.add(self._owner)

    def write(self, lines: list[bytes], over_bytes: int = 0) -> bool:
        """True when the lines are synced; False when there is no room. Raises OSError."""
        text = b"\n".join(lines) + b"\n"
        self._prepare()
        if self.bytes() + max(len(text), _BLOCK_BYTES) > self._limit + over_bytes:
            return False
        name = f"{time.time_ns() // 1_000_000:013d}-{secrets.token_hex(4)}.ndjson"
        mine = os.path.join(self._path, f"{name}.{self._owner}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        try:
            with os.fdopen(os.open(mine, flags, 0o600), "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            kept = _move(mine, os.path.join(self._path, name))
        except OSError:
            try:
                os.unlink(mine)
            except OSError:
                pass
            raise
        self._sync_folder()
        return kept

    def claim(self) -> Optional[Segment]:
        """The oldest that is ready, or whose process is gone. Raises OSError."""
        for name in sorted(self._claimable()):
            owned = _OWNED.match(name)
            ready = owned.group(1) if owned else name
            mine = os.path.join(self._path, f"{ready}.{self._owner}")
            if not _move(os.path.join(self._path, name), mine):
                continue
            try:
                os.utime(mine)
            except OSError:
                pass
            with open(mine, "rb") as file:
                text = file.read()
            # What a process was writing when it was killed ends anywhere: that part was not safe.
            whole = text[: text.rfind(b"\n") + 1]
            lines = [line for line in whole.split(b"\n") if line]
            return Segment(mine, os.path.join(self._path, ready), lines)
        return None

    def bytes(self) -> int:
        return sum(max(size, _BLOCK_BYTES) for _name, size, _at in self._files())

    def _claimable(self) -> list[str]:
        return [name for name, _size, at in self._files() if _READY.match(name) or _gone(name, at)]

    def _files(self) -> list[tuple[str, int, float]]:
        self._check()
        found = []
        try:
            with os.scandir(self._path) as entries:
                for entry in entries:
                    if not (_READY.match(entry.name) or _OWNED.match(entry.name)):
                        continue
                    try:
                        if entry.is_file(follow_symlinks=False):
                            about = entry.stat(follow_symlinks=False)
                            found.append((entry.name, about.st_size, about.st_mtime))
                    except FileNotFoundError:
                        continue
        except FileNotFoundError:
            return []
        return found

    def _prepare(self) -> None:
        os.makedirs(self._path, mode=0o700, exist_ok=True)
        self._check()

    def _check(self) -> None:
        """Who can write there could plant events under our credential."""
        try:
            about = os.lstat(self._path)
        except FileNotFoundError:
            return
        mine = not hasattr(os, "getuid") or about.st_uid == os.getuid()
        shared = hasattr(os, "getuid") and about.st_mode & 0o022
        if not stat.S_ISDIR(about.st_mode) or not mine or shared:
            raise PermissionError(f"The spool folder {self._path} is open to others.")

    def _sync_folder(self) -> None:
        """Makes the rename durable; where folders cannot be synced, the file's own sync stands."""
        try:
            folder = os.open(self._path, os.O_RDONLY)
        except OSError:
            return
        try:
            os.fsync(folder)
        except OSError:
            pass
        finally:
            os.close(folder)


def _move(origin: str, target: str) -> bool:
    try:
        os.rename(origin, target)
        return True
    except FileNotFoundError:
        return False


def _gone(name: str, touched_s: float) -> bool:
    """Wrongly called gone, a file is sent twice and, by its events' ids, kept once."""
    owned = _OWNED.match(name)
    if owned is None:
        return False
    _ready, host, pid, chance = owned.groups()
    if f"{host}-{pid}-{chance}" in _alive:
        return False
    if host == _HOST and not _running(int(pid)):
        return True
    return time.time() - touched_s > _LEASE_S


def _running(pid: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
