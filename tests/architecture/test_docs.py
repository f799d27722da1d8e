"""The documents are true: packages, errors, settings, links and commands are those of the code."""

import re
from typing import Any

import pytest
import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from typer.core import TyperGroup

from cleanly.entry.cli import app
from cleanly.entry.health import error_table
from cleanly.entry.modules import MODULES
from cleanly.entry.settings import Settings, variable_names
from tests.architecture.source import FILES, PACKAGE, ROOT, repository_texts

DOCS = {
    path: text
    for path, text in repository_texts().items()
    if path.endswith(".md") and (path.startswith("docs/") or "/" not in path)
}
# Named in the documents, read by others than Settings.
FOREIGN_VARIABLES = {"PYTHON", "TEST_PROCESSES", "CLEANLY_ADMIN_PASSWORD", "UPPER_CASE"} | {
    *("RENDER_API_KEY", "RENDER_SERVICES", "NEON_API_KEY", "NEON_PROJECT_ID", "OLDER_COMMIT"),
}
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


def _rows(document: str, *, header: str) -> list[list[str]]:
    """The rows of every table whose first heading is `header`, cells without their code marks."""
    rows: list[list[str]] = []
    inside = False
    for line in DOCS[document].splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if cells[0] == header:
            inside = True
        elif inside and not set(line) <= set("|- :"):
            rows.append(cells)
    return rows


def _bare(cell: str) -> str:
    return cell.strip("`")


def test_the_map_names_exactly_the_packages_that_exist():
    named = [_bare(row[0]).rstrip("/") for row in _rows("docs/map.md", header="package")]
    exist = {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("__init__.py")} - {"."}
    assert sorted(named) == sorted(exist)


def test_the_map_names_exactly_the_files_of_the_kernel():
    named = [_bare(row[0]) for row in _rows("docs/map.md", header="file") if row[0].startswith("`kernel/")]
    exist = [path for path in FILES if path.startswith("kernel/") and not path.endswith("__init__.py")]
    assert sorted(named) == sorted(exist)


def test_the_clients_error_table_is_the_one_that_is_served():
    told = [(row[0], int(row[1]), row[2]) for row in _rows("docs/clients.md", header="code")]
    assert told == [(kind.code, kind.status, kind.action) for kind in error_table()]


def test_the_settings_table_names_every_variable_once_and_no_other():
    named = [_bare(row[0]) for row in _rows("docs/operations.md", header="variable")]
    assert sorted(named) == sorted(variable_names())


def test_the_settings_table_tells_the_true_defaults():
    told = {_bare(row[0]): row[1] for row in _rows("docs/operations.md", header="variable")}
    wrong = {
        name: (told.get(name), expected)
        for name, field in ((name.upper(), field) for name, field in Settings.model_fields.items())
        if (expected := _default(field)) is not None and told.get(name) != expected
    }
    assert wrong == {}


def _default(field: FieldInfo) -> str | None:
    """A default as the table writes it; None where only words can tell."""
    value: Any = field.default
    if field.default_factory is not None:
        return None
    if value is None:
        return "unset"
    if isinstance(value, tuple):
        return "none" if not value else None
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    assert not isinstance(value, SecretStr), "a secret has no default of its own"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def test_every_variable_that_a_document_names_is_read():
    """In code marks: capitals with an underscore are a variable or an error's code; in Kotlin, constants."""
    known = variable_names() | {kind.code for kind in error_table()} | FOREIGN_VARIABLES
    strangers = [
        f"{path}: {word}"
        for path, text in DOCS.items()
        for code in _CODE.findall(text)
        if not code.startswith("```kotlin")
        for word in re.findall(r"(?<![\w.-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w-])", code)
        if word not in known
    ]
    assert strangers == []


def _anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_every_link_leads_somewhere():
    dead = []
    for path, text in DOCS.items():
        for target in _LINK.findall(_CODE.sub("", text)):
            if target.startswith(("https://", "mailto:")):
                continue
            place, _, anchor = target.partition("#")
            file = (ROOT / path).parent / place if place else ROOT / path
            if not file.exists():
                dead.append(f"{path}: {target}")
            elif anchor and anchor not in _anchors(file.read_text()):
                dead.append(f"{path}: {target}: no such heading")
    assert dead == []


def test_every_make_target_that_a_document_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        (path, word)
        for path, text in DOCS.items()
        for code in _CODE.findall(text)
        for word in re.findall(r"(?:^|[`\n])\s*make ([a-z-]+)", code)
    }
    assert {word for _, word in named} >= {"run", "test", "check"}
    assert [f"{path}: make {word}" for path, word in named if word not in targets] == []


def test_every_command_that_a_document_names_exists():
    top = typer.main.get_command(app)
    named = [
        (path, words.split())
        for path, text in DOCS.items()
        for code in _CODE.findall(text)
        for words in re.findall(r"(?:^|[`\n])\s*cleanly ((?:[a-z0-9-]+ ?)+)", code)
    ]
    assert len(named) > 10
    assert [f"{path}: cleanly {' '.join(words)}" for path, words in named if not _exists(top, words)] == []


def test_every_tool_that_a_document_names_exists():
    named = {(path, tool) for path, text in DOCS.items() for tool in re.findall(r"python (tools/[\w/]+\.py)", text)}
    assert {tool for _, tool in named} >= {"tools/deploy.py", "tools/smoke.py", "tools/neon_branch.py"}
    assert [f"{path}: {tool}" for path, tool in named if not (ROOT / tool).is_file()] == []


def _exists(command: object, words: list[str]) -> bool:
    if not words or not isinstance(command, TyperGroup):
        return True  # what follows a command is its arguments
    inner = command.commands.get(words[0])
    return inner is not None and _exists(inner, words[1:])


def test_the_table_of_schedules_is_the_one_that_runs():
    told = [_bare(row[1]) for row in _rows("docs/operations.md", header="schedule (UTC)")]
    assert sorted(told) == sorted(cron.task.name for module in MODULES for cron in module.crons)


@pytest.mark.parametrize("path", sorted(path for path in DOCS if path.startswith("docs/adr/")))
def test_a_decision_tells_context_decision_and_consequences(path):
    assert re.fullmatch(r"docs/adr/\d{4}-[a-z0-9-]+\.md", path)
    text = DOCS[path]
    assert text.startswith(f"# {path.split('/')[-1][:4]} "), "its heading begins with its number"
    order = [text.find(f"**{word}.**") for word in ("Context", "Decision", "Consequences")]
    assert -1 not in order
    assert order == sorted(order)
    assert len(text.splitlines()) <= 60, "one page"


def test_decisions_are_numbered_without_gaps_or_doubles():
    numbers = sorted(int(path.split("/")[-1][:4]) for path in DOCS if path.startswith("docs/adr/"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_document_can_be_reached_from_the_readme():
    reached, waiting = set(), ["README.md"]
    while waiting:
        path = waiting.pop()
        if path in reached:
            continue
        reached.add(path)
        for target in _LINK.findall(DOCS.get(path, "")):
            place = target.partition("#")[0]
            if not place or place.startswith("https://"):
                continue
            found = ((ROOT / path).parent / place).resolve().relative_to(ROOT).as_posix()
            # A link to a folder shows what is in it.
            waiting += [name for name in DOCS if name == found or name.startswith(f"{found}/")]
    assert set(DOCS) - reached == set()
