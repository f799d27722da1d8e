"""Build `commonest.bin`, the filter of the commonest passwords, from frequency-ranked lists.

    python tools/build_password_filter.py --output src/cleanly/platform/passwords/commonest.bin LIST [LIST ...]

A LIST is text with one password a line (`.gz` allowed) or a JSON array of strings, the commonest first. The lists are
merged by rank (all first places, then all second places, ...), duplicates fall out, and so do those below 8 code
points, which the length rule refuses anyway. The first --limit of the rest are kept. The same lists in the same order
give the same bytes. The lists are not kept in the repository; `cleanly.platform.passwords.commonest` says which were
used. After a rebuild, set ENTRIES and the docstring there to what this tool prints.
"""

import argparse
import gzip
import sys
from collections.abc import Iterator, Sequence
from itertools import chain, islice, zip_longest
from pathlib import Path

from pydantic import TypeAdapter

from cleanly.platform.passwords import commonest

LENGTH_MIN = 8


def read_list(path: Path) -> list[str]:
    """The passwords of one file, the commonest first."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    if path.suffix != ".json":
        # Not splitlines(): a password may contain what Unicode calls a line separator.
        return [line.removesuffix("\r") for line in text.split("\n") if line.removesuffix("\r")]
    return [password for password in TypeAdapter(list[str]).validate_json(text) if password]


def by_rank(lists: Sequence[Sequence[str]]) -> Iterator[str]:
    """The distinct folded passwords of all lists, in the order of their best place."""
    seen: set[str] = set()
    for password in chain.from_iterable(zip_longest(*lists)):
        if password is None:
            continue
        word = commonest.folded(password)
        if word not in seen:
            seen.add(word)
            yield word


def main() -> None:
    """Read the lists, write the filter, print what is in it."""
    parser = argparse.ArgumentParser(description="Build the filter of the commonest passwords.")
    parser.add_argument("lists", nargs="+", type=Path, metavar="LIST")
    parser.add_argument("--output", required=True, type=Path)
    parser.add_argument("--limit", type=int, default=100_000)
    options = parser.parse_args()
    ranked = by_rank([read_list(path) for path in options.lists])
    kept = list(islice((word for word in ranked if len(word) >= LENGTH_MIN), options.limit))
    data = commonest.encode(kept)
    options.output.write_bytes(data)
    built = commonest.decode(data)
    sys.stdout.write(f"{len(built)} entries, {len(data)} bytes, false positives {len(built) / 256**built.width:.1e}\n")


if __name__ == "__main__":
    main()
