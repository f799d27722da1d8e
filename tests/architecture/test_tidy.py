"""House rules that a general linter cannot know. Each ban names its one home."""

import ast
import re

from tests.architecture.source import FILES, TREES, functions, graph, repository_texts, slice_of

FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 60
HOMES = {  # what is banned -> the only files that may say it
    # `cleanly migrate` has its own connection on the direct host.
    ".commit(": ("/kernel/db.py", "/entry/migrate.py"),
    ".rollback(": ("/kernel/db.py", "/entry/migrate.py"),
    ".begin()": (
        "/kernel/",
        "/entry/",
        "/routes.py",
        "/jobs.py",
        "/flows.py",
        "/runner.py",
        "/pages.py",
        "/sessions/gate.py",  # the gate is asked before any route, so it draws its own lines
        "/idempotency/keyed.py",  # the lease of a flow is a transaction beside the flow's own
        "/inbound.py",  # the edge where a provider's news comes in
        "/dispatch/clerk.py",  # the dispatcher's writing half; its claiming half is runner.py
        # Flows by another name: what payments ask of providers, what comes before it, the one who cleans up.
        "/payments/asking.py",
        "/payments/calling.py",
        "/payments/health.py",
        "/payments/books.py",
        "/payments/offers.py",
        "/payments/janitor.py",
        "/payouts/sending/books.py",
        "/payouts/sending/calling.py",
    ),
    "datetime.now(": ("/kernel/clock.py",),
    "datetime.utcnow(": (),
    "date.today(": (),
    "time.time(": ("/kernel/clock.py", "/kernel/observe.py"),  # a line of log says when it was really written
    "os.environ": ("/entry/settings.py",),
    "os.getenv": (),
    "relationship(": (),
    "import stripe": ("/platform/providers/stripe",),
    "pg_advisory_lock": (),
    "pg_try_advisory_lock": ("/entry/migrate.py",),
    "pg_advisory_unlock": ("/entry/migrate.py",),
    # Called, not spoken of: the worker's line and the migration stand on the direct host.
    '"LISTEN': ("/platform/jobs/line.py", "/webhooks/outbound/dispatch/ear.py"),
    '"SET ': ("/kernel/db.py", "/entry/migrate.py"),
    "import requests": (),
}
SLEEPERS = {  # who may sleep -> why it is no guess at somebody else's progress
    "kernel/pgconn.py": "the pause between two tries to connect, inside the task's deadline",
    "platform/jobs/line.py": "the pause before LISTEN is tried again",
    "platform/cache/follower.py": "the pause before the shared store is followed again",
    "entry/migrate.py": "the lock is polled, for a waiter in the server would hold a snapshot; the back-off of 55P03",
    "entry/serve.py": "the pause between two looks at the schema that another process migrates, with a deadline",
    "entry/demo/stage.py": "a person would press reload, with a deadline",
}
# Words that say nothing about what is inside.
EMPTY_NAMES = ("utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "base_service")
# What tells of one machine or of where its packages came from.
MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/(?!\.\.\.)|/tmp/bash_jobs|/var/folders/")
REGISTRY = re.compile(
    r"https?://(?:[\w.-]*\.)?(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|artifactory[\w.-]*)"
    r"|--(?:extra-)?index-url\b|registry\.npmjs"
)


def test_nothing_is_said_outside_its_home():
    strays = [
        f"{path}: {phrase}"
        for phrase, homes in HOMES.items()
        for path, text in FILES.items()
        if phrase in text and not any(f"/{path}".startswith(home) or home in f"/{path}" for home in homes)
    ]
    assert strays == []


def test_only_those_sleep_who_have_a_reason():
    sleepers = {path for path, text in FILES.items() if re.search(r"\b(?:time|asyncio)\.sleep\((?!0\))", text)}
    assert sleepers == set(SLEEPERS), "a new sleeper needs a reason here; one that no longer sleeps leaves the list"


def test_files_and_functions_fit_on_a_desk():
    too_long = [f"{path}: {text.count(chr(10))}" for path, text in FILES.items() if text.count("\n") > FILE_LINES_MAX]
    for path, tree in TREES.items():
        for node in functions(tree):
            assert node.end_lineno is not None
            if node.end_lineno - node.lineno >= FUNCTION_LINES_MAX:
                too_long.append(f"{path}:{node.lineno} {node.name}")
    assert too_long == []


def test_every_file_opens_by_saying_its_job():
    silent = [path for path, tree in TREES.items() if FILES[path].strip() and ast.get_docstring(tree) is None]
    texts = {path: text for path, text in repository_texts().items() if path.startswith(("tests/", "tools/", "bench/"))}
    silent += [
        path
        for path, text in texts.items()
        if path.endswith(".py") and text.strip() and ast.get_docstring(ast.parse(text)) is None
    ]
    assert silent == []


def test_no_error_vanishes():
    """A broad catch that does nothing, and a suppressed Exception, hide the next fault."""
    hidden = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
                does_nothing = all(isinstance(line, ast.Pass | ast.Continue) for line in node.body)
                if does_nothing or node.type is None:
                    hidden.append(f"{path}:{node.lineno}")
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
                hidden += [f"{path}:{node.lineno}" for kind in node.args if _is_broad(kind)]
    assert hidden == []


def _is_broad(kind: ast.expr | None) -> bool:
    return kind is None or ast.unparse(kind) in {"Exception", "BaseException"}


def test_names_say_what_is_inside():
    paths = [path for path in repository_texts() if path.startswith(("src/", "tests/", "tools/", "bench/"))]
    parts = re.compile(r"[/.]")
    empty = [path for path in paths if set(parts.split(path)) & set(EMPTY_NAMES)]
    empty += [
        f"{path}: {node.name}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Manager", "Helper", "Utils", "BaseService"))
    ]
    assert empty == []


def test_nothing_tells_of_the_machine_it_was_written_on():
    told = [
        f"{path}:{number}: {found.group()}"
        for path, text in repository_texts().items()
        if not path.startswith("tests/architecture/")
        for number, line in enumerate(text.splitlines(), start=1)
        for found in (MACHINE.search(line), REGISTRY.search(line))
        if found
    ]
    assert told == []


def test_no_work_is_left_as_a_note():
    marks = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
    notes = [
        f"{path}:{number}"
        for path, text in repository_texts().items()
        if path.startswith(("src/", "tests/", "tools/", "bench/", "docs/", "migrations/"))
        if not path.startswith("tests/architecture/")
        for number, line in enumerate(text.splitlines(), start=1)
        if marks.search(line)
    ]
    notes += [path for path, text in FILES.items() if "NotImplementedError" in text]
    assert notes == []


DOORS = {"service", "queries", "messages", "module", "errors"}
# A machine's other doors: how routes meet it, and the values it hands out. Who builds a process (entry) may go further.
MACHINE_DOORS = {"http", "id_tokens", "claims", "once"}
# What all providers share stands directly in this folder, open to those who use it; its table is not.
PROVIDERS = "cleanly.platform.providers"


def test_slices_meet_only_at_their_doors():
    intrusions = []
    for importer in graph().modules:
        for imported in graph().find_modules_directly_imported_by(importer):
            if slice_of(importer) == slice_of(imported) or imported.count(".") <= 2:
                continue
            parent, _, last = imported.rpartition(".")
            if parent == PROVIDERS and last != "models":
                continue
            if imported.startswith("cleanly.domain.") and not importer.startswith("cleanly.entry."):
                doors = DOORS
            elif imported.startswith("cleanly.platform.") and not importer.startswith("cleanly.entry."):
                doors = DOORS | MACHINE_DOORS
            else:
                continue
            if last not in doors:
                intrusions.append(f"{importer} -> {imported}")
    assert intrusions == []


def test_processes_enter_a_slice_by_its_doors_or_to_build_it():
    """`entry` composes the settings and builds the parts of the Context; everything else goes by the doors."""
    building = {
        "cleanly.entry.settings": {"settings"},
        "cleanly.entry.context": {"gate", "issuer", "pwned", "adapter", "flows", "id_tokens", "http", "settings"},
        "cleanly.entry.providers": {"adapter", "certificates", "client", "flows"},
        "cleanly.entry.worker": {"flows", "rules", "runner", "settings"},
        "cleanly.entry.call": {"http", "rules"},
        "cleanly.entry.shell": {"http"},
        "cleanly.entry.api": {"http"},
        "cleanly.entry.books": {"adapter"},
        "cleanly.entry.cli.cron": {"flows"},
        "cleanly.entry.cli.keys": {"keys"},
        "cleanly.entry.demo.town": {"adapter", "flows", "runner", "settings"},
        "cleanly.entry.cli.sandbox": {"adapter"},
    }
    intrusions = [
        f"{importer} -> {imported}"
        for importer in graph().modules
        if importer.startswith("cleanly.entry.")
        for imported in graph().find_modules_directly_imported_by(importer)
        if imported.startswith(("cleanly.domain.", "cleanly.platform."))
        if imported.rsplit(".", 1)[0] != PROVIDERS or imported.endswith(".models")
        if imported.rsplit(".", 1)[-1] not in DOORS | building.get(importer, set())
    ]
    assert intrusions == []


def test_no_modules_import_each_other_in_a_ring():
    modules = graph().modules
    rings = [
        f"{module} <-> {imported}"
        for module in sorted(modules)
        for imported in graph().find_modules_directly_imported_by(module)
        if imported in modules and graph().chain_exists(importer=imported, imported=module)
    ]
    assert rings == []


def test_tables_of_other_slices_are_named_as_text():
    """A foreign key across slices says "users.id"; it never imports the other slice's row class."""
    strays = [
        f"{importer} -> {imported}"
        for importer in graph().modules
        for imported in graph().find_modules_directly_imported_by(importer)
        if imported.endswith(".models") and slice_of(importer) != slice_of(imported)
    ]
    assert strays == []
