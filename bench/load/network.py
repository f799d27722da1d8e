"""A bad network on loopback: it stands between phones and service, is slow, loses replies and breaks connections."""

import random
import socket
import struct
from collections import Counter
from types import TracebackType
from typing import Literal, Self

import gevent
from gevent.server import StreamServer

Fate = Literal["passed", "slow", "reply lost", "reply cut off", "connection reset", "stalled"]
# What becomes of a reply, and how often; the rest passes at once.
_FATES: tuple[tuple[Fate, float], ...] = (
    ("slow", 0.25),
    ("reply lost", 0.04),
    ("reply cut off", 0.02),
    ("stalled", 0.01),
)
_RESET_SHARE = 0.02
_SLOW_SECONDS = (0.05, 0.8)
_STALL_SECONDS = 10.0
_PIECE = 65_536


class BadNetwork:
    """A TCP proxy to one address. A lost reply's request has reached the service: that is the case which matters."""

    def __init__(self, host: str, port: int, *, seed: int) -> None:
        self._target = (host, port)
        self._chance = random.Random(seed)
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self.fates: Counter[Fate] = Counter()

    @property
    def port(self) -> int:
        """Where phones connect to."""
        port: int = self._server.socket.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop(timeout=1)

    def _serve(self, phone: socket.socket, _address: object) -> None:
        try:
            with socket.create_connection(self._target, timeout=10) as service:
                service.settimeout(None)
                line = _Line(phone, service)
                upwards = gevent.spawn(self._upwards, line)
                try:
                    self._downwards(line)
                finally:
                    upwards.kill()
        except OSError:  # of either side, whenever it likes: that is what a network is
            pass
        finally:
            phone.close()

    def _upwards(self, line: "_Line") -> None:
        try:
            while piece := line.phone.recv(_PIECE):
                if not line.awaits_reply and self._chance.random() < _RESET_SHARE:
                    self.fates["connection reset"] += 1
                    _reset(line.phone)
                    break
                line.awaits_reply = True
                line.service.sendall(piece)
        except OSError:
            pass
        # The other direction sees the end, and closes both.
        _hang_up(line.service)

    def _downwards(self, line: "_Line") -> None:
        while piece := line.service.recv(_PIECE):
            if line.awaits_reply:
                line.awaits_reply = False
                fate = self._fate()
                self.fates[fate] += 1
                if fate == "slow":
                    gevent.sleep(self._chance.uniform(*_SLOW_SECONDS))
                elif fate == "stalled":
                    gevent.sleep(_STALL_SECONDS)
                    return
                elif fate == "reply lost":
                    return
                elif fate == "reply cut off":
                    line.phone.sendall(piece[: len(piece) // 2])
                    _reset(line.phone)
                    return
            line.phone.sendall(piece)

    def _fate(self) -> Fate:
        drawn = self._chance.random()
        for fate, share in _FATES:
            drawn -= share
            if drawn < 0:
                return fate
        return "passed"


class _Line:
    """A phone's connection, and the one made for it to the service."""

    def __init__(self, phone: socket.socket, service: socket.socket) -> None:
        self.phone, self.service = phone, service
        self.awaits_reply = False


def _reset(connection: socket.socket) -> None:
    """Close with RST in place of FIN (socket(7), SO_LINGER of zero seconds)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        connection.close()
