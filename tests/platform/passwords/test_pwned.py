"""The breach check: what leaves, what comes back, and that it fails open."""

import asyncio
import logging
from collections.abc import Mapping

import pytest

from cleanly.kernel.errors import Unavailable
from cleanly.platform.passwords.pwned import is_breached

URL = "https://breaches.example/range/"
# SHA-1 of "password" is 5BAA6 1E4C9B93F3F0682250B6CF8331B7EE68FD8.
SUFFIX = "1E4C9B93F3F0682250B6CF8331B7EE68FD8"


class Service:
    """Plays the range service."""

    def __init__(self, answer: str | Exception) -> None:
        self.answer = answer
        self.calls: list[tuple[str, Mapping[str, str]]] = []

    async def __call__(self, url: str, /, *, headers: Mapping[str, str]) -> str:
        self.calls.append((url, headers))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def breached(service: Service, password: str = "password") -> bool:
    return await is_breached(password, fetch=service, url=URL, timeout_seconds=5)


async def test_only_five_hex_digits_leave_and_padding_is_asked_for() -> None:
    service = Service(f"{'0' * 35}:3\r\n{SUFFIX}:10434004\r\n")
    assert await breached(service)
    assert service.calls == [(URL + "5BAA6", {"Add-Padding": "true"})]


@pytest.mark.parametrize("body", ["", f"{SUFFIX}:0", f"{'0' * 35}:3", "<html>", f"{SUFFIX}:many", SUFFIX])
async def test_padding_and_other_suffixes_are_no_match(body: str) -> None:
    assert not await breached(Service(body))


@pytest.mark.parametrize("fault", [OSError("refused 5BAA6"), Unavailable(), ValueError("503 5BAA6")])
async def test_a_failing_service_lets_the_password_pass_with_a_warning(
    fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert not await breached(Service(fault))
    (record,) = caplog.records
    assert record.message == "password.breach_check_skipped"
    assert record.levelno == logging.WARNING
    assert "5BAA6" not in str(record.__dict__)


async def test_a_silent_service_is_given_up_after_the_limit(caplog: pytest.LogCaptureFixture) -> None:
    async def silent(_url: str, /, *, headers: Mapping[str, str]) -> str:
        await asyncio.Event().wait()
        return SUFFIX + ":1"

    async with asyncio.timeout(5):
        assert not await is_breached("password", fetch=silent, url=URL, timeout_seconds=0.01)
    assert [record.message for record in caplog.records] == ["password.breach_check_skipped"]


async def test_a_cancelled_request_stays_cancelled() -> None:
    async def silent(_url: str, /, *, headers: Mapping[str, str]) -> str:
        return await asyncio.Future[str]()

    task = asyncio.create_task(is_breached("password", fetch=silent, url=URL, timeout_seconds=5))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
