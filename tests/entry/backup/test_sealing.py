"""A sealed stream opens as it was, under its key and its name, whole; or not at all."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.entry.backup import sealing
from cleanly.kernel.crypto import Unsealable

KEY, OTHER = bytes(range(32)), bytes(32)
CHUNK = 64
HEAD = sealing._HEADER_BYTES


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "CHUNK_BYTES", CHUNK)


def sealed(plain: bytes, name: str = "one") -> bytes:
    target = io.BytesIO()
    sums = sealing.seal(io.BytesIO(plain), target, recipient=sealing.public(KEY), name=name)
    assert (sums.plain_bytes, sums.sealed_bytes) == (len(plain), len(target.getvalue()))
    return target.getvalue()


def opened(data: bytes, name: str = "one", keys: tuple[bytes, ...] = (OTHER, KEY)) -> bytes:
    return b"".join(sealing.unseal(io.BytesIO(data), keys=keys, name=name))


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])
def test_what_was_sealed_opens_as_it_was(length: int):
    plain = bytes(number % 251 for number in range(length))
    assert opened(sealed(plain)) == plain


@given(st.data())
def test_any_changed_byte_is_noticed(data: st.DataObject):
    good = sealed(b"x" * (2 * CHUNK + 7))
    place = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Unsealable):
        opened(bytes(bad))


@given(st.integers(0, 3 * (CHUNK + 16) + HEAD - 1))
def test_a_cut_end_is_noticed(length: int):
    good = sealed(b"x" * (3 * CHUNK))
    assert length < len(good)
    with pytest.raises(Unsealable):
        opened(good[:length])


def test_chunks_can_not_change_places_or_be_added():
    good = sealed(b"".join(bytes([number]) * CHUNK for number in range(3)))
    head, step = HEAD, CHUNK + 16
    first, second, last = (good[head + n * step : head + (n + 1) * step] for n in range(3))
    for bad in (second + first + last, first + last, first + second + last + last, last):
        with pytest.raises(Unsealable):
            opened(good[:head] + bad)


def test_another_key_or_another_name_opens_nothing():
    good = sealed(b"the money of many")
    with pytest.raises(Unsealable, match=sealing.key_id(sealing.public(KEY)).hex()):
        opened(good, keys=(OTHER,))
    with pytest.raises(Unsealable):
        opened(good, name="another")
    assert b"money" not in good


def test_two_copies_of_the_same_have_nothing_in_common():
    first, second = sealed(b"x" * 40), sealed(b"x" * 40)
    assert first[16:] != second[16:]
    assert first[HEAD:] != second[HEAD:]


def test_who_can_seal_can_not_open():
    good = sealed(b"the money of many")
    with pytest.raises(Unsealable, match="private half is not here"):
        opened(good, keys=(sealing.public(KEY),))
