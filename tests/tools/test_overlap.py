"""The overlap of two versions is looked at, or it is said that nobody could look."""

import subprocess

import pytest

from tests.architecture.source import ROOT


@pytest.mark.parametrize(
    ("base", "code", "said"),
    [("0" * 40, 0, "no version before"), ("", 0, "no version before"), ("d" * 40, 1, "not here")],
)
def test_only_a_first_push_has_nothing_to_overlap_with(base: str, code: int, said: str):
    done = subprocess.run([ROOT / ".ci" / "overlap", base], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
