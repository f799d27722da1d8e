"""Hashing and verifying: forms, imports, corrupt rows, nobody's hash."""

import asyncio
import logging
import unicodedata

import argon2
import bcrypt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleanly.platform.passwords.hashing import Hasher, Verdict
from cleanly.platform.passwords.settings import PasswordSettings

RIGHT = Verdict(ok=True, rehash=False)
RIGHT_BUT_OLD = Verdict(ok=True, rehash=True)
WRONG = Verdict(ok=False, rehash=False)
# As the hasher here begins every hash.
OURS = "$argon2id$v=19$m=64,t=1,p=1$"
# passlib's own documented example, made from the word "password".
PASSLIB_SCRYPT = "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"


async def test_only_the_right_password_verifies(hasher: Hasher) -> None:
    stored = await hasher.hash("correct horse")
    assert await hasher.verify(stored, "correct horse") == RIGHT
    assert await hasher.verify(stored, "Correct horse") == WRONG
    assert await hasher.verify(stored, "correct horse ") == WRONG
    assert stored != await hasher.hash("correct horse")


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(password=st.text(max_size=130))
def test_any_text_verifies_in_each_unicode_form_and_with_a_letter_more_does_not(
    cheap: PasswordSettings, password: str
) -> None:
    async def story() -> None:
        hasher = Hasher(cheap)
        try:
            stored = await hasher.hash(unicodedata.normalize("NFD", password))
            assert await hasher.verify(stored, unicodedata.normalize("NFC", password)) == RIGHT
            assert await hasher.verify(stored, password + "x") == WRONG
        finally:
            hasher.close()

    asyncio.run(story())


async def test_the_whole_password_counts(hasher: Hasher) -> None:
    stored = await hasher.hash("\N{GRINNING FACE}" * 127 + "a")
    assert await hasher.verify(stored, "\N{GRINNING FACE}" * 127 + "b") == WRONG


@pytest.mark.parametrize(
    "older",
    [
        argon2.PasswordHasher(time_cost=2, memory_cost=64, parallelism=1),
        argon2.PasswordHasher(time_cost=1, memory_cost=128, parallelism=1),
        argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=2),
        argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1, type=argon2.Type.I),
    ],
)
async def test_a_hash_with_other_parameters_is_right_and_asks_for_a_new_one(
    hasher: Hasher, older: argon2.PasswordHasher
) -> None:
    stored = older.hash("correct horse")
    assert await hasher.verify(stored, "correct horse") == RIGHT_BUT_OLD
    assert await hasher.verify(stored, "wrong horse") == WRONG


@pytest.mark.parametrize(
    "other",
    [
        argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1, hash_len=16),
        argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1, hash_len=33),
        argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1, salt_len=8),
        # As long together as ours, but not each.
        argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1, salt_len=17, hash_len=31),
    ],
)
async def test_a_hash_of_another_length_is_right_and_asks_for_a_new_one(
    hasher: Hasher, other: argon2.PasswordHasher
) -> None:
    stored = other.hash("correct horse")
    assert await hasher.verify(stored, "correct horse") == RIGHT_BUT_OLD
    assert await hasher.verify(stored, "wrong horse") == WRONG


async def test_what_the_hasher_writes_is_not_taken_apart(hasher: Hasher, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object) -> argon2.Parameters:
        raise AssertionError("nearly every login would read its hash three times")

    stored = await hasher.hash("correct horse")
    monkeypatch.setattr("cleanly.platform.passwords.hashing.extract_parameters", read)
    monkeypatch.setattr(argon2.PasswordHasher, "check_needs_rehash", read)
    assert await hasher.verify(stored, "correct horse") == RIGHT
    assert await hasher.verify(None, "correct horse") == WRONG


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
async def test_an_imported_bcrypt_hash_verifies_and_asks_for_a_new_one(hasher: Hasher, prefix: str) -> None:
    stored = prefix + bcrypt.hashpw("caf\u00e9-cr\u00e8me".encode(), bcrypt.gensalt(4)).decode()[4:]
    assert await hasher.verify(stored, "cafe\u0301-cre\u0300me") == RIGHT_BUT_OLD
    assert await hasher.verify(stored, "cafe-creme") == WRONG
    assert await hasher.verify(stored, "caf\0") == WRONG


async def test_bcrypt_s_own_limit_of_72_bytes_does_not_lock_an_imported_user_out(hasher: Hasher) -> None:
    stored = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert await hasher.verify(stored, "x" * 100) == RIGHT_BUT_OLD
    assert await hasher.verify(stored, "x" * 71) == WRONG


async def test_an_imported_scrypt_hash_verifies_and_asks_for_a_new_one(hasher: Hasher) -> None:
    assert await hasher.verify(PASSLIB_SCRYPT, "password") == RIGHT_BUT_OLD
    assert await hasher.verify(PASSLIB_SCRYPT.replace("+", "."), "password") == RIGHT_BUT_OLD
    assert await hasher.verify(PASSLIB_SCRYPT, "Password") == WRONG


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "x",
        "plain text password",
        "\u00e9\ud800",
        "$argon2id$",
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ",
        "$argon2id$v=19$m=64,t=1,p=1$!!!!$????",
        OURS + "c2FsdHNhbHRzYWx0c2FsdA$" + "=" * 43,
        OURS + "c2FsdHNhbHRzYWx0c2FsdA$" + "A" * 42 + "B",
        OURS + "c2FsdHNhbHRzYWx0c2FsdB$" + "A" * 43,
        OURS + "c2FsdHNhbHRzYWx0c2FsdA$" + "A" * 43 + "\n",
        OURS + "c2FsdHNhbHRzYWx0$AAAAA$" + "A" * 43,
        "$argon2id$v=19$m=x,t=1,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdHNhbHQ",
        "$argon2id$v=19$t=1,m=64$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdHNhbHQ",
        "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdHNhbHQ",
        "$argon2id$v=19$m=64,t=4000000000,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdHNhbHQ",
        "$2b$04$short",
        "$2b$31$" + "." * 53,
        "$2b$03$" + "." * 53,
        "$2b$04$" + "9" * 53,
        "$scrypt$",
        "$scrypt$ln=99,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=0,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=4,r=0,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=4,r=8,p=0$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=4,r=8,p=1$aM15713r3Xsvxbi31lqr1$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
    ],
)
async def test_a_corrupt_stored_hash_is_a_plain_no_logged_without_the_hash(
    hasher: Hasher, stored: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = spy_on_argon2(monkeypatch)
    with caplog.at_level(logging.ERROR):
        assert await hasher.verify(stored, "correct horse") == WRONG
    assert [record.message for record in caplog.records] == ["password.stored_hash_corrupt"]
    assert len(stored) < 2 or stored not in str(caplog.records[0].__dict__)
    assert argon2.extract_parameters(spent[-1]).memory_cost == 64


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    stored=st.one_of(
        st.text(max_size=80),
        st.builds(
            "$argon2id$v={}$m={},t={},p={}${}${}".format,
            st.integers(0, 30),
            st.integers(0, 200),
            st.integers(0, 3),
            st.integers(0, 3),
            st.text("Ab+/=.", max_size=24),
            st.text("Ab+/=.", max_size=44),
        ),
        st.builds(
            "$scrypt$ln={},r={},p={}${}${}".format, *[st.integers(0, 9)] * 3, *[st.text("Ab+/.", max_size=40)] * 2
        ),
        st.builds("$2b$0{}${}".format, st.integers(3, 5), st.text("Ab./9", min_size=53, max_size=53)),
    )
)
def test_no_stored_text_whatever_ends_in_a_fault(cheap: PasswordSettings, stored: str) -> None:
    async def story() -> None:
        hasher = Hasher(cheap)
        try:
            assert await hasher.verify(stored, "correct horse") == WRONG
        finally:
            hasher.close()

    asyncio.run(story())


def spy_on_argon2(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    spent: list[str] = []
    real = argon2.PasswordHasher.verify

    def verify(self: argon2.PasswordHasher, hash: str, password: bytes) -> bool:  # noqa: A002  argon2-cffi's name
        spent.append(hash)
        return real(self, hash, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", verify)
    return spent


async def test_nobody_s_password_costs_the_same_argon2_as_a_wrong_one(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = Hasher(PasswordSettings(argon2_memory_kib=96, argon2_time_cost=3, argon2_parallelism=2))
    stored = await hasher.hash("correct horse")
    spent = spy_on_argon2(monkeypatch)
    assert await hasher.verify(None, "correct horse") == WRONG
    assert await hasher.verify(stored, "wrong horse") == WRONG
    hasher.close()
    nobodys, somebodys = spent
    assert argon2.extract_parameters(nobodys) == argon2.extract_parameters(somebodys)
    assert nobodys != stored


async def test_the_default_cost_is_owasp_s(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = Hasher(PasswordSettings())
    stored = await hasher.hash("correct horse")
    hasher.close()
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_memory_running_out_is_not_a_wrong_password(hasher: Hasher, monkeypatch: pytest.MonkeyPatch) -> None:
    from argon2.low_level import error_to_str

    from cleanly.kernel.errors import Unavailable

    def verify(*_: object) -> bool:
        raise argon2.exceptions.VerificationError(error_to_str(-22))

    stored = await hasher.hash("correct horse")
    monkeypatch.setattr(argon2.PasswordHasher, "verify", verify)
    with pytest.raises(Unavailable):
        await hasher.verify(stored, "correct horse")
