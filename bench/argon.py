"""The yardstick of logins: verify one password again and again, on the cores it is given."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, Type

from cleanly.platform.passwords.settings import PasswordSettings


def main(seconds: float) -> None:
    """Print verifications per second."""
    settings = PasswordSettings()
    hasher = PasswordHasher(
        time_cost=settings.argon2_time_cost,
        memory_cost=settings.argon2_memory_kib,
        parallelism=settings.argon2_parallelism,
        type=Type.ID,
    )
    stored = hasher.hash("correct horse battery staple")
    threads = len(os.sched_getaffinity(0))
    ends = time.monotonic() + seconds

    def work() -> int:
        done = 0
        while time.monotonic() < ends:
            hasher.verify(stored, "correct horse battery staple")
            done += 1
        return done

    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        total = sum(future.result() for future in [pool.submit(work) for _ in range(threads)])
    print(total / (time.monotonic() - began))


if __name__ == "__main__":
    main(float(sys.argv[1]))
