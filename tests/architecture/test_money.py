"""No float on any path that money takes: not written, not made by a division, not stored.

Two zones. All of `kernel/money.py` and of the slices that book or price money; and in the providers every function
that speaks of money. Time alone may be a float there, where its name says so (`..._seconds...`).
"""

import ast
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from cleanly.entry.modules import MODULES
from cleanly.kernel.db import Base
from tests.architecture.source import TREES, functions

WHOLE = ("kernel/money.py", "domain/ledger/", "domain/catalog/", "domain/payments/", "domain/payouts/")
PROVIDERS = "platform/providers/"
_MONEY = re.compile(r"(?:^|_)(?:money|amounts?|fees?|gross|balances?|minor|captured|refunded)(?:_|$)|^Money$")
_TIME = re.compile(r"(?:^|_)seconds(?:_|$)", re.IGNORECASE)
_FLOATING_MODULES = {"math", "cmath", "statistics", "numpy"}


def floats(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and reason of each float in the making, time left out."""
    if _says_time(node):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
        yield node.lineno, f"the literal {node.value}"
    if isinstance(node, ast.Name) and node.id in {"float", "complex", "round"}:
        yield node.lineno, node.id
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
        yield node.lineno, "a division that is not //"
    if isinstance(node, ast.Attribute) and node.attr == "truediv":
        yield node.lineno, "truediv"
    if isinstance(node, ast.Import | ast.ImportFrom):
        named = {alias.name for alias in node.names} | {getattr(node, "module", None)}
        yield from ((node.lineno, f"the module {name}") for name in named & _FLOATING_MODULES)
    timed = _timed_defaults(node) if isinstance(node, ast.arguments) else set()
    for child in ast.iter_child_nodes(node):
        if id(child) not in timed:
            yield from floats(child)


def _says_time(node: ast.AST) -> bool:
    if isinstance(node, ast.AnnAssign):
        named = [ast.unparse(node.target)]
    elif isinstance(node, ast.Assign):
        named = [ast.unparse(target) for target in node.targets]
    elif isinstance(node, ast.keyword | ast.arg):
        named = [node.arg or ""]
    else:
        return False
    return all(_TIME.search(name.rsplit(".", 1)[-1]) for name in named)


def _timed_defaults(arguments: ast.arguments) -> set[int]:
    placed = [*arguments.posonlyargs, *arguments.args]
    pairs = list(zip(reversed(placed), reversed(arguments.defaults), strict=False))
    pairs += [
        (arg, default) for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default
    ]
    return {id(default) for arg, default in pairs if _TIME.search(arg.arg)}


def speaks_of_money(function: ast.AST) -> bool:
    """Whether any name in it, or its own, is one of money's."""
    for node in ast.walk(function):
        for attribute in ("id", "attr", "arg", "name"):
            name = getattr(node, attribute, None)
            if isinstance(name, str) and _MONEY.search(name):
                return True
    return False


def test_no_float_where_money_is_booked_or_priced():
    found = [
        f"{path}:{line}: {why}" for path, tree in TREES.items() if path.startswith(WHOLE) for line, why in floats(tree)
    ]
    assert found == []


def test_no_float_in_what_a_provider_says_of_money():
    found = [
        f"{path}:{line}: {why}"
        for path, tree in TREES.items()
        if path.startswith(PROVIDERS)
        for function in functions(tree)
        if speaks_of_money(function)
        for line, why in floats(function)
    ]
    assert found == []


def test_the_zones_are_not_empty():
    assert "kernel/money.py" in TREES
    assert any(path.startswith("domain/ledger/") for path in TREES)
    protocol = TREES["platform/providers/protocol.py"]
    assert any(speaks_of_money(node) for node in protocol.body)


def test_no_column_of_a_money_slice_is_inexact():
    """Amounts are bigint: neither double precision, which rounds, nor numeric, which would let a part of a cent in."""
    assert MODULES
    zones = tuple(f"cleanly.{zone.removesuffix('.py').strip('/').replace('/', '.')}" for zone in (*WHOLE, PROVIDERS))
    columns = [
        (f"{mapper.local_table}.{column.name}", column.type.python_type)
        for mapper in Base.registry.mappers
        if mapper.class_.__module__.startswith(zones)
        for column in mapper.columns
        if type(column.type).__module__.startswith("sqlalchemy.")
    ]
    assert columns
    assert [name for name, kind in columns if issubclass(kind, float | Decimal | complex)] == []


@pytest.mark.parametrize(
    "line",
    [
        "fee = amount * 0.029",
        "half = amount / 2",
        "amount /= 2",
        "amount = float(text)",
        "amount: float = 0",
        "cents = round(amount * 100)",
        "import math",
        "from math import floor",
        "share = operator.truediv(amount, 2)",
        "def fee(amount: float) -> int: ...",
        "def fee(amount, rate=0.1): ...",
        "charge(amount=1.5)",
        "half_seconds = 0.5; amount = 0.5",
        "fees = [x / 2 for x in amounts]",
    ],
)
def test_the_rule_sees(line: str):
    assert list(floats(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        "fee = amount * 29 // 1000",
        "timeout_seconds: float = 20.0",
        "call(timeout_seconds=0.5)",
        "def wait(pause_seconds: float = 0.5): ...",
        "def wait(*, pause_seconds: float = 0.5, amount: int = 1): ...",
        "self.pause_seconds = 0.5",
        "# half of 0.5 / 2",
        "'float(1) / 0.5'",
    ],
)
def test_the_rule_lets_pass(line: str):
    assert list(floats(ast.parse(line))) == []


def test_a_function_of_a_provider_is_known_by_its_words():
    for text in (
        "def f(x): return Money(x, 'EUR')",
        "def f(x): return x.amount",
        "def f(net_amount): ...",
        "def fee_of(x): ...",
        "def f(x): return g(amount=x)",
    ):
        assert speaks_of_money(ast.parse(text)), text
    for text in ("def f(x): return x.expires_in * 0.9", "import net", "def coffee(x): ..."):
        assert not speaks_of_money(ast.parse(text)), text
