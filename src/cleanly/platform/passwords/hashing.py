"""Argon2id in a bounded pool of threads: what is too much is refused at once, not queued for ever."""

import asyncio
import base64
import logging
import re
import secrets
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import BoundedSemaphore
from typing import TypeVar

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import HashingError, VerificationError, VerifyMismatchError
from argon2.low_level import error_to_str

from cleanly.kernel.errors import Unavailable
from cleanly.platform.passwords import imported
from cleanly.platform.passwords.imported import CorruptHash
from cleanly.platform.passwords.rules import encoded
from cleanly.platform.passwords.settings import (
    ARGON2_MEMORY_KIB_MAX,
    ARGON2_PARALLELISM_MAX,
    ARGON2_TIME_COST_MAX,
    PasswordSettings,
)

T = TypeVar("T")

_HASH_BYTES = 32
_SALT_BYTES = 16
# ARGON2_MEMORY_ALLOCATION_ERROR in argon2.h: the machine's fault, not the password's.
_OUT_OF_MEMORY = error_to_str(-22)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """Whether the password is right, and whether to store a new hash of it (only ever true when `ok` is)."""

    ok: bool
    rehash: bool


_NO = Verdict(ok=False, rehash=False)


class Hasher:
    """Hashes and verifies passwords, after NFC. Owns its threads: `close` it.

    At most `password_hash_threads` run and `password_hash_queue_max` wait; the next one is refused.
    """

    def __init__(self, settings: PasswordSettings) -> None:
        self._argon2 = PasswordHasher(
            time_cost=settings.argon2_time_cost,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
            type=Type.ID,
        )
        self._nobodys = _nobodys_hash(settings)
        self._is_of_today = _pattern_of(self._nobodys).fullmatch
        threads = settings.password_hash_threads
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="password")
        self._slots = BoundedSemaphore(threads + settings.password_hash_queue_max)

    async def hash(self, password: str) -> str:
        """An Argon2id hash in PHC text form, with a fresh salt.

        Raises:
            Unavailable: the queue is full, memory is short, or the hasher is closed.
        """
        return await self._run(partial(self._hash, encoded(password)))

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Compare with a stored hash: Argon2, bcrypt or scrypt (see `imported`).

        None (no such user, or one without a password) costs what a wrong password costs, and is a no. So is a
        stored text that is no hash. Imported hashes and old parameters keep their own cost until the next login.

        Raises:
            Unavailable: the queue is full, memory is short, or the hasher is closed.
        """
        verdict = await self._run(partial(self._judge, stored, encoded(password)))
        if verdict is None:
            _log.error("password.stored_hash_corrupt")
            return _NO
        return verdict

    def close(self) -> None:
        """Take no more work. What is queued is still finished, and its callers get their answers."""
        self._pool.shutdown(wait=False)

    async def _run(self, work: Callable[[], T]) -> T:
        if not self._slots.acquire(blocking=False):
            raise Unavailable
        try:
            future = self._pool.submit(work)
        except RuntimeError as error:
            self._slots.release()
            raise Unavailable from error
        # A slot is held until the thread is free, not until the caller leaves: cancelling cannot stop Argon2, and
        # counting only callers would let impatient clients queue without a bound.
        future.add_done_callback(self._release)
        return await asyncio.wrap_future(future)

    def _release(self, _done: Future[T]) -> None:
        self._slots.release()

    def _hash(self, password: bytes) -> str:
        try:
            return self._argon2.hash(password)
        except HashingError as error:
            raise Unavailable from error

    def _judge(self, stored: str | None, password: bytes) -> Verdict | None:
        """The verdict, or None for a corrupt stored hash."""
        if stored is None:
            self._matches(self._nobodys, password)
            return _NO
        try:
            if imported.is_imported(stored):
                ok = imported.matches(stored, password)
                return Verdict(ok=ok, rehash=ok)
            ok = self._matches(stored, password)
            return Verdict(ok=ok, rehash=ok and self._needs_rehash(stored))
        except CorruptHash:
            # As slow as any other no, so that a broken row can't be told from outside.
            self._matches(self._nobodys, password)
            return None

    def _matches(self, stored: str, password: bytes) -> bool:
        try:
            # What we write ourselves, as nearly every login meets it, needs no closer reading, here or after the hash.
            if self._is_of_today(stored) is None:
                _refuse_costly(stored)
            return self._argon2.verify(stored, password)
        except VerifyMismatchError:
            return False
        except VerificationError as error:
            if str(error) == _OUT_OF_MEMORY:
                raise Unavailable from error
            raise CorruptHash("argon2") from error
        except ValueError as error:
            raise CorruptHash("argon2") from error

    def _needs_rehash(self, stored: str) -> bool:
        return self._is_of_today(stored) is None and self._argon2.check_needs_rehash(stored)


def _refuse_costly(stored: str) -> None:
    asked = extract_parameters(stored)
    if (
        asked.memory_cost > ARGON2_MEMORY_KIB_MAX
        or asked.time_cost > ARGON2_TIME_COST_MAX
        or asked.parallelism > ARGON2_PARALLELISM_MAX
    ):
        raise CorruptHash("argon2")


def _nobodys_hash(settings: PasswordSettings) -> str:
    """A hash with today's parameters and random output: it costs the same to verify, and no password makes it."""
    cost = f"m={settings.argon2_memory_kib},t={settings.argon2_time_cost},p={settings.argon2_parallelism}"
    return f"$argon2id$v=19${cost}${_random_base64(_SALT_BYTES)}${_random_base64(_HASH_BYTES)}"


def _pattern_of(example: str) -> re.Pattern[str]:
    """Every hash with the same parameters, and a salt and a hash of the same length."""
    parameters, salt, output = example.rsplit("$", 2)
    return re.compile(rf"{re.escape(parameters)}\$[A-Za-z0-9+/]{{{len(salt)}}}\$[A-Za-z0-9+/]{{{len(output)}}}")


def _random_base64(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()
