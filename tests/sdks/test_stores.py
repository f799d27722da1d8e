"""Tokens in a file: only their owner reads them, and no crash leaves half of a pair."""

import os
import pathlib
import stat

import pytest
from cleanly_client import FileStore, Pair, Unusable

OLD, NEW = Pair("a1", "r1", 1.0, 2.0, 1.5), Pair("a2", "r2", 3.0, 4.0, 3.5)


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "app" / "session.json"


def test_what_is_saved_is_loaded_by_the_next_process(path):
    FileStore(path).save(OLD)
    FileStore(path).save(NEW)
    assert FileStore(path).load() == NEW
    FileStore(path).clear()
    FileStore(path).clear()
    assert FileStore(path).load() is None


def test_nobody_else_may_read_it(path):
    before = os.umask(0)
    try:
        FileStore(path).save(OLD)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["session.json"]


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_crash_in_the_middle_leaves_the_old_pair_whole(path, monkeypatch, fails):
    FileStore(path).save(OLD)

    def crash(*_: object) -> None:
        raise OSError("the disk is full")

    place = os if fails == "fsync" else pathlib.Path
    monkeypatch.setattr(place, fails, crash)
    with pytest.raises(OSError, match="full"):
        FileStore(path).save(NEW)
    assert FileStore(path).load() == OLD


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"access_token": "a"'])
def test_a_file_of_another_kind_is_said_to_be_one(path, text):
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(Unusable):
        FileStore(path).load()
