"""`make check` itself: each check that is ours can fail, and a failure is told and is the exit code."""

import importlib.util
import sys
from types import ModuleType

import pytest

from tests.architecture.source import ROOT

HASH = "    --hash=sha256:" + "a" * 64
LOCKED = f"uv==0.13.9 \\\n{HASH} \\\n{HASH}\npyright[nodejs]==1.1.414 ; sys_platform != 'win32' \\\n{HASH}\n"


@pytest.fixture
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check", ROOT / "tools" / "check.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["check"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://packages.example/simple",
        "--find-links ./wheels",
        "uv @ https://packages.example/uv-0.13.9.whl",
        "uv>=0.13",
        "uv==0.13.9",
        "-e .",
    ],
)
def test_a_lock_file_with_an_address_or_without_a_hash_is_refused(check, monkeypatch, tmp_path, line):
    monkeypatch.setattr(check, "ROOT", tmp_path)
    (tmp_path / "requirements").mkdir()
    file = tmp_path / "requirements" / "dev.txt"
    file.write_text(LOCKED)
    assert check.locked_requirements().passed, check.locked_requirements().output
    file.write_text(LOCKED + line + "\n")
    refused = check.locked_requirements()
    assert not refused.passed
    assert "dev.txt:6" in refused.output


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX users_name_idx ON users (name);",
        "ALTER TABLE users ALTER COLUMN name SET NOT NULL;",
        "ALTER TABLE users DROP COLUMN name;",
        "ALTER TABLE users RENAME COLUMN name TO title;",
    ],
)
def test_a_statement_that_stops_a_living_table_is_refused(check, tmp_path, statement):
    file = tmp_path / "change.sql"
    file.write_text(f"BEGIN;\n{statement}\nCOMMIT;\n")
    assert not check.tool("squawk", "--config", ".squawk.toml", str(file))().passed


def test_the_printed_migrations_are_ours_and_whole(check):
    with check.migrations_as_sql() as files:
        texts = {file.stem: file.read_text() for file in files}
    assert len(texts) == len(list((ROOT / "migrations" / "versions").glob("*.py")))
    queue = next(text for name, text in texts.items() if name.endswith("jobs_queue"))
    assert "CREATE TABLE job_receipts" in queue
    assert "procrastinate_jobs (" not in queue


def test_a_failing_check_is_told_and_is_the_exit_code(check, monkeypatch, capsys):
    good = check.Check("good", lambda: check.Outcome(passed=True, output="not shown"))
    bad = check.Check("bad", lambda: check.Outcome(passed=False, output="the reason\nin two lines"))
    monkeypatch.setattr(check, "CHECKS", (good, bad))
    monkeypatch.setattr(sys, "argv", ["check.py"])
    assert check.main() == 1
    said = capsys.readouterr().out
    assert "FAIL  bad" in said
    assert "in two lines" in said
    assert "not shown" not in said
    monkeypatch.setattr(sys, "argv", ["check.py", "good"])
    assert check.main() == 0
    assert "bad" not in capsys.readouterr().out


def test_an_unknown_name_is_an_error(check, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["check.py", "everything"])
    with pytest.raises(SystemExit) as ended:
        check.main()
    assert ended.value.code != 0
