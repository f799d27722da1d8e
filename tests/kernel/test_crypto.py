"""Sealing, deriving, comparing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.kernel import crypto


@given(st.binary(max_size=200), st.binary(max_size=30))
def test_what_is_sealed_is_unsealed_for_its_purpose_only(plain: bytes, purpose: bytes):
    key = crypto.derive(b"secret", "a purpose")
    sealed = crypto.seal(key, plain, purpose)
    assert crypto.unseal(key, sealed, purpose) == plain
    assert plain not in sealed or len(plain) < 3
    for wrong in (
        lambda: crypto.unseal(crypto.derive(b"secret", "another purpose"), sealed, purpose),
        lambda: crypto.unseal(key, sealed, purpose + b"x"),
        lambda: crypto.unseal(key, sealed[:-1] + bytes([sealed[-1] ^ 1]), purpose),
        lambda: crypto.unseal(key, b"", purpose),
    ):
        with pytest.raises(crypto.Unsealable):
            wrong()


@given(st.binary(max_size=100))
def test_base64url_has_one_text_for_one_value(data: bytes):
    text = crypto.b64url(data)
    assert crypto.b64url_decode(text) == data
    assert "=" not in text


@pytest.mark.parametrize("text", ["=", "a", "ab=", "a b", "ab+/", "AB", "é", "abc\n"])
def test_any_other_text_of_the_same_value_is_refused(text: str):
    with pytest.raises(ValueError):
        crypto.b64url_decode(text)


def test_two_secrets_are_never_alike():
    assert len({crypto.new_secret() for _ in range(1000)}) == 1000
    assert len(crypto.new_secret()) == 43
