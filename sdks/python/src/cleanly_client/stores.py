"""Where a session's pair of tokens is kept: in memory, or in a file that survives the process."""

import contextlib
import json
import os
import pathlib
import secrets
from dataclasses import asdict, dataclass, field, fields
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Pair:
    """A session's tokens. Times are seconds since 1970 by the device's clock; `renew_at` lies before the end."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    received_at: float
    expires_at: float
    renew_at: float

    def is_due(self, now: float) -> bool:
        """Whether to renew it; also when the clock was set back, for then nobody knows."""
        return now >= self.renew_at or now < self.received_at

    def is_over(self, now: float) -> bool:
        """Whether the access token is of no use by this clock."""
        return now >= self.expires_at or now < self.received_at


class TokenStore(Protocol):
    """Keeps one pair. What it raises reaches the caller of the client, and the old pair stays in force.

    `blocks`: whether it waits for a disk or the like; the async client then calls it in a thread.
    """

    blocks: bool

    def load(self) -> Pair | None:
        """The pair, or None."""
        ...

    def save(self, pair: Pair) -> None:
        """Replace the pair, whole or not at all; when this returns it is kept."""
        ...

    def clear(self) -> None:
        """Forget it."""
        ...


class MemoryStore:
    """For as long as the process lives."""

    blocks = False

    def __init__(self, pair: Pair | None = None) -> None:
        self._pair = pair

    def load(self) -> Pair | None:
        """The pair, or None."""
        return self._pair

    def save(self, pair: Pair) -> None:
        """Replace the pair."""
        self._pair = pair

    def clear(self) -> None:
        """Forget it."""
        self._pair = None


class Unusable(OSError):
    """The file is there, but it is no pair of tokens."""


class FileStore:
    """A file that only its owner may read (0600), replaced in one step and flushed to the disk."""

    blocks = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = pathlib.Path(path)

    def load(self) -> Pair | None:
        """The pair, or None.

        Raises:
            Unusable: the file holds something else.
        """
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return Pair(**{one.name: found[one.name] for one in fields(Pair)})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise Unusable(f"{self._path} is no pair of tokens") from error

    def save(self, pair: Pair) -> None:
        """Replace the pair."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        try:
            # Made with its mode, not changed to it: at no time may another read it.
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(asdict(pair), file)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        finally:
            beside.unlink(missing_ok=True)
        self._settle()

    def clear(self) -> None:
        """Remove the file."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
            self._settle()

    def _settle(self) -> None:
        """The folder too: a rename that the disk has not seen is undone by a power cut."""
        if os.name != "posix":
            return
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
