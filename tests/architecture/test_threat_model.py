"""The threat model is true as far as a test can tell: each threat has code and a proof, and both exist."""

import re

from tests.architecture.source import ROOT

_TEXT = (ROOT / "docs" / "threat-model.md").read_text()
_PATH = re.compile(r"`([^`]+)`")


def threats() -> list[list[str]]:
    lines = _TEXT.partition("## Threats")[2].partition("\n## ")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines if line.startswith("|")]
    return rows[2:]


def test_every_threat_has_its_letters_a_defence_code_and_a_test():
    assert len(threats()) > 30
    for row in threats():
        threat, letters, defence, where, proved = row
        assert set(letters.split()) <= set("STRIDE"), threat
        assert letters, threat
        assert defence, threat
        assert _PATH.findall(where), threat
        assert _PATH.findall(proved), threat


def test_the_code_and_the_tests_that_it_names_are_there():
    gone = []
    for row in threats():
        gone += [path for path in _PATH.findall(row[3]) if not any((ROOT / base / path).is_file() for base in _CODE)]
        gone += [path for path in _PATH.findall(row[4]) if not (ROOT / "tests" / path).is_file()]
    assert gone == []


_CODE = ("src/cleanly", "")


def test_every_kind_of_threat_is_thought_of():
    assert {letter for row in threats() for letter in row[1].split()} == set("STRIDE")
