"""Every check that needs no running service, two at a time, one line each: linters, types, contracts, migrations.

    python tools/check.py [NAME ...]

Exit code 1 if any fails; what a failing check printed stands beneath its line. The tests are `make test`.
"""

import argparse
import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass

from alembic import command
from alembic.script import ScriptDirectory
from procrastinate.schema import SchemaManager

from cleanly.entry import migrate

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(sys.executable).parent
AT_ONCE = 2
_SQL_MIN = 20
WORKFLOWS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / ".github" / "workflows").glob("*.yml"))
TIMEOUTS = "custom.github-workflows-require-timeout"
_PIN = re.compile(r"^[a-zA-Z0-9._-]+(\[[a-z0-9,_-]+\])?==[^ ]+( ; [^\\]+)? \\$")
_HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a check passed, and what it has to say if not."""

    passed: bool
    output: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A name for the line, and the work."""

    name: str
    run: Callable[[], Outcome]


def tool(*words: str) -> Callable[[], Outcome]:
    """A check that is a program of this environment."""

    def run() -> Outcome:
        # One cache per checkout, and nothing asks a registry whether a newer version exists.
        environment = os.environ | {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", "NO_COLOR": "1", "COLUMNS": "120"}
        done = subprocess.run(
            [BIN / words[0], *words[1:]],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Outcome(done.returncode == 0, done.stdout)

    return run


@contextmanager
def migrations_as_sql() -> Generator[list[pathlib.Path], None, None]:
    """Each migration's SQL in a file named after it, without the job queue's own schema: that is not ours to change."""
    script = ScriptDirectory.from_config(migrate.config())
    with tempfile.TemporaryDirectory(prefix="cleanly-sql") as name:
        files: list[pathlib.Path] = []
        for revision in reversed(list(script.walk_revisions())):
            config = migrate.config()
            config.output_buffer = buffer = io.StringIO()
            command.upgrade(config, f"{revision.down_revision or 'base'}:{revision.revision}", sql=True)
            written = buffer.getvalue().replace("\t", "    ")
            ours = written.replace(SchemaManager.get_schema().replace("\t", "    ").strip(), "")
            file = pathlib.Path(name) / f"{pathlib.Path(revision.path).stem}.sql"
            file.write_text(ours)
            files.append(file)
        yield files


def lint_migrations() -> Outcome:
    """The migrations' SQL past a linter that knows which statements lock a live table."""
    with migrations_as_sql() as files:
        thin = [file.name for file in files if len(file.read_text()) < _SQL_MIN]
        if not files or thin:
            return Outcome(passed=False, output=f"no SQL came out of: {', '.join(thin) or 'any migration'}\n")
        return tool("squawk", "--config", ".squawk.toml", "--reporter", "gcc", *map(str, files))()


def one_migration_each() -> Outcome:
    """A straight line of migrations, each named as the house names them."""
    script = ScriptDirectory.from_config(migrate.config())
    faults = [f"more than one head: {', '.join(script.get_heads())}"] if len(script.get_heads()) != 1 else []
    name = re.compile(r"^\d{4}_\d\d_\d\d_\d{4}_[a-z]+_[a-z0-9_]+$")
    paths = [pathlib.Path(revision.path).stem for revision in script.walk_revisions()]
    faults += [f"{path}: name it YYYY_MM_DD_HHMM_<slice>_<change>" for path in paths if not name.match(path)]
    if paths != sorted(paths, reverse=True):
        faults.append("the files' order is not the order in which they run")
    return Outcome(not faults, "\n".join(faults))


def locked_requirements() -> Outcome:
    """The lock files hold versions and hashes and no address: where packages come from is the machine's affair."""
    faults: list[str] = []
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if not (_PIN.match(line) or _HASH.match(line)):
                faults.append(f"{path.name}:{number}: neither a pinned version nor a hash: {line.strip()[:80]}")
    return Outcome(not faults, "\n".join(faults))


# The slow ones first, so that two processes end at about the same time.
CHECKS = (
    Check("pyright", tool("pyright")),
    Check("mypy", tool("mypy")),
    Check("ruff", tool("ruff", "check", "--output-format", "concise", ".")),
    Check("format", tool("ruff", "format", "--check", "--output-format", "concise", ".")),
    Check("imports", tool("lint-imports", "--no-cache")),
    Check("migrations-sql", lint_migrations),
    Check("sdks", tool("python", "-m", "sdks.generate", "--check")),
    Check("migrations-order", one_migration_each),
    Check("requirements", locked_requirements),
    Check("blueprint", tool("python", "tools/blueprint.py")),
    Check("image", tool("hadolint", "--config", ".hadolint.yaml", "Dockerfile")),
    Check("compose", tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")),
    Check("workflows", tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)),
    Check("timeouts", tool("check-jsonschema", "--builtin-schema", TIMEOUTS, *WORKFLOWS)),
    Check("dependabot", tool("check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml")),
    Check("dashboard", tool("python", "ops/grafana/build.py", "--check")),
    Check("zizmor", tool("zizmor", "--offline", "--quiet", ".github")),
)


def timed(check: Check) -> tuple[Check, Outcome, float]:
    """Run one check."""
    began = time.perf_counter()
    outcome = check.run()
    return check, outcome, time.perf_counter() - began


def main() -> int:
    """Run the checks named on the command line, or all."""
    parser = argparse.ArgumentParser(description="Run the checks.")
    names = [check.name for check in CHECKS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    asked: list[str] = parser.parse_args().names
    if unknown := set(asked) - set(names):
        parser.error(f"there is no check {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    chosen = [check for check in CHECKS if not asked or check.name in asked]
    failed: list[str] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in as_completed([pool.submit(timed, check) for check in chosen]):
            check, outcome, seconds = done.result()
            print(f"{'ok  ' if outcome.passed else 'FAIL'}  {check.name:<18}{seconds:6.1f} s", flush=True)
            if not outcome.passed:
                failed.append(check.name)
                print("\n".join(f"      {line}" for line in outcome.output.strip().splitlines()), flush=True)
    print(f"{len(chosen) - len(failed)} of {len(chosen)} checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
