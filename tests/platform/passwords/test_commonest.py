"""The filter of the commonest passwords."""

import random
import string
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanly.platform.passwords import commonest

TOOL = Path(__file__).parents[3] / "tools" / "build_password_filter.py"


@pytest.mark.parametrize("password", ["password", "12345678", "qwertyuiop", "iloveyou", "PassWord", "1Q2W3E4R"])
def test_the_famous_ones_are_found_in_any_case(password: str) -> None:
    assert commonest.is_common(password)


def test_random_passwords_are_not_found() -> None:
    chance = random.Random(20261122)
    letters = string.ascii_letters + string.digits
    made = ["".join(chance.choices(letters, k=12)) for _ in range(10_000)]
    assert sum(map(commonest.is_common, made)) == 0


def test_the_file_holds_what_the_constant_says_and_is_small() -> None:
    assert len(commonest.shipped()) == commonest.ENTRIES
    assert commonest.ENTRIES / 256 ** commonest.shipped().width <= commonest.FALSE_POSITIVES_MAX
    assert len(commonest.shipped().hashes) <= 500_000
    hashes = [commonest.shipped().hashes[i : i + 5] for i in range(0, len(commonest.shipped().hashes), 5)]
    assert hashes == sorted(set(hashes))


def test_the_file_is_read_once() -> None:
    assert commonest.shipped() is commonest.shipped()


# Derandomised: a false alarm is rare but allowed, and must not fail somebody's build.
@settings(derandomize=True)
@given(st.lists(st.text(max_size=20), max_size=20), st.text(max_size=20))
def test_a_filter_finds_all_of_its_words_and_no_other(words: list[str], other: str) -> None:
    built = commonest.decode(commonest.encode(words))
    assert all(word in built for word in words)
    assert (other in built) == (commonest.folded(other) in {commonest.folded(word) for word in words})


def test_the_same_words_in_any_order_give_the_same_bytes() -> None:
    assert commonest.encode(["one", "two", "three"]) == commonest.encode(["three", "ONE", "two", "one"])


@pytest.mark.parametrize(("spoilt", "added"), [(slice(0), b""), (slice(-1), b""), (slice(1, None), b"!")])
def test_a_cut_or_foreign_file_is_refused_and_not_read_as_empty(spoilt: slice, added: bytes) -> None:
    with pytest.raises(commonest.UnreadableFilter):
        commonest.decode(commonest.encode(["one", "two"])[spoilt] + added)


def test_the_tool_merges_by_rank_and_leaves_out_what_the_length_rule_refuses(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("alpha-one\nshort\r\nalpha-three\n")
    (tmp_path / "b.json").write_text('["ALPHA-ONE", "beta-two!", "beta-three"]')
    output = tmp_path / "commonest.bin"
    command: list[str | Path] = [
        sys.executable,
        TOOL,
        "--output",
        output,
        "--limit",
        "3",
        tmp_path / "a.txt",
        tmp_path / "b.json",
    ]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    built = commonest.decode(output.read_bytes())
    assert told.startswith("3 entries, ")
    assert [word in built for word in ("alpha-one", "beta-two!", "alpha-three")] == [True] * 3
    assert "short" not in built
    assert "beta-three" not in built
