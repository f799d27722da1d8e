"""Resolve the requirements into hashed lock files without addresses (uv's own lock formats record addresses)."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
UV = pathlib.Path(sys.executable).with_name("uv")
BASE = (
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header"),
    *("--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--upgrade"),
)


def resolve(target: str, *sources: str) -> None:
    """Write requirements/<target>.txt."""
    output = ROOT / "requirements" / f"{target}.txt"
    subprocess.run([UV, *BASE, *sources, "-o", output], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    print(f"{output.relative_to(ROOT)}: {sum(line[0].isalpha() for line in output.read_text().splitlines())} packages")


if __name__ == "__main__":
    resolve("run", "pyproject.toml", "--extra", "ops")
    resolve("dev", "pyproject.toml", "--extra", "embedded", "--extra", "ops", "requirements/dev.in")
    resolve("bootstrap", "requirements/bootstrap.in")
