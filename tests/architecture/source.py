"""What the architecture's tests read: the package's files, the repository's text files, the import graph."""

import ast
import functools
import pathlib
import subprocess

import grimp

ROOT = pathlib.Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "cleanly"
FILES = {path.relative_to(PACKAGE).as_posix(): path.read_text() for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {path: ast.parse(text) for path, text in FILES.items()}


@functools.cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("cleanly", cache_dir=None)


@functools.cache
def repository_texts() -> dict[str, str]:
    """Every text file that the repository holds or is about to hold, by its path."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    else:  # an export without its history
        kept = ("src", "tests", "tools", "docs", "migrations", "requirements", "bench")
        paths = [path for name in kept for path in (ROOT / name).rglob("*")] + list(ROOT.glob("*"))
    texts: dict[str, str] = {}
    for path in paths:
        if path.is_file() and "__pycache__" not in path.parts:
            try:
                texts[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
    return texts


def slice_of(module: str) -> str:
    """`cleanly.domain.auth.sessions.rules` is of `cleanly.domain.auth`.

    A provider is its own slice, and so are news that comes in and messages that go out.
    """
    parts = module.split(".")
    is_group = parts[1:3] in (["platform", "providers"], ["platform", "webhooks"])
    return ".".join(parts[:4] if is_group and (PACKAGE / "/".join(parts[1:4])).is_dir() else parts[:3])


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
