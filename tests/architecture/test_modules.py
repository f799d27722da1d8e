"""The table of contents is complete and says nothing twice."""

import inspect
import pkgutil
import re
from collections import Counter
from importlib import import_module
from typing import Any

from sqlalchemy import Uuid
from sqlalchemy.orm import Mapper

import cleanly
from cleanly.entry.health import error_table
from cleanly.entry.modules import MODULES
from cleanly.kernel.db import Base
from cleanly.kernel.errors import COMMON, AppError
from cleanly.kernel.module import Module
from cleanly.platform.cron import rules as cron_rules
from tests.architecture.source import PACKAGE, repository_texts, slice_of


def _every_module() -> list[str]:
    return [found.name for found in pkgutil.walk_packages(cleanly.__path__, "cleanly.")]


def _own_codes() -> list[type[AppError]]:
    """Every refusal that fixes a code of its own, wherever it stands."""
    return [
        kind
        for name in _every_module()
        if not name.startswith("cleanly.entry")  # processes refuse in the words of the floors below
        for kind in vars(import_module(name)).values()
        if inspect.isclass(kind) and issubclass(kind, AppError) and kind.__module__ == name and "code" in vars(kind)
    ]


def test_every_slice_that_registers_itself_is_in_the_table_of_contents():
    registered = {
        import_module(name).module.name
        for name in _every_module()
        if name.endswith(".module") and isinstance(getattr(import_module(name), "module", None), Module)
    }
    listed = [module.name for module in MODULES]
    empty = {"cron"}  # a table and no routes, jobs or refusals: nothing to list
    assert registered - empty == set(listed) - empty
    assert len(listed) == len(set(listed))


def test_the_table_of_contents_is_written_bottom_floor_first():
    folders = {folder.name for folder in (PACKAGE / "platform").rglob("*") if folder.is_dir()}
    floors = [0 if module.name in folders else 1 for module in MODULES]
    assert floors == sorted(floors)


def test_every_task_has_exactly_one_handler():
    handled = Counter(job.task.name for module in MODULES for job in module.jobs)
    assert [name for name, count in handled.items() if count > 1] == []
    assert [cron.task.name for module in MODULES for cron in module.crons if cron.task.name not in handled] == []


def test_every_schedule_can_be_read_and_stands_once():
    crons = [cron for module in MODULES for cron in module.crons]
    for cron in crons:
        cron_rules.check(cron.schedule)
    names = Counter(cron.task.name for cron in crons)
    assert [name for name, count in names.items() if count > 1] == []


def test_task_names_begin_with_their_module():
    names = [(module.name, job.task.name) for module in MODULES for job in module.jobs]
    assert [name for owner, name in names if not name.startswith(f"{owner}.")] == []


def test_an_event_is_named_by_its_object_and_has_one_owner():
    """Subscribers read these names: `refund.failed`, not the name of the slice that happens to publish it."""
    names = Counter(event for module in MODULES for event in module.event_types)
    assert names
    assert [name for name in names if not re.fullmatch(r"[a-z]+(?:_[a-z]+)*\.[a-z]+(?:_[a-z]+)*", name)] == []
    assert [name for name, count in names.items() if count > 1] == []


def test_provider_news_has_one_owner():
    owners = Counter(handler.kind for module in MODULES for handler in module.inbound)
    assert owners
    assert [kind for kind, count in owners.items() if count > 1] == []


def test_every_refusal_is_in_the_error_table():
    listed = {kind.code for kind in error_table()}
    known = {(kind.code, kind.status) for kind in error_table()}
    missing = [f"{kind.__module__}.{kind.__name__}" for kind in _own_codes() if kind.code not in listed]
    assert missing == []
    elsewhere = [kind.__name__ for kind in _own_codes() if (kind.code, kind.status) not in known]
    assert elsewhere == [], "one code, one status"


def test_every_refusal_in_the_error_table_is_asked_for_by_a_test():
    tests = [
        text
        for path, text in repository_texts().items()
        if path.startswith("tests/") and not path.startswith("tests/architecture/") and path.endswith(".py")
    ]
    assert [kind.code for kind in error_table() if not any(f'"{kind.code}"' in text for text in tests)] == []


def test_a_slice_lists_the_refusals_that_it_declares():
    owners = {module.name: set(module.errors) for module in MODULES} | {"kernel": set(COMMON)}
    strays = []
    for kind in _own_codes():
        floor, owner = kind.__module__.split(".")[1:3]
        is_variant = any(kind.code == parent.__dict__.get("code") for parent in kind.__mro__[1:])
        alike = any(kind.code == other.code for kinds in owners.values() for other in kinds if other is not kind)
        if floor == "kernel" or is_variant or alike:
            continue
        if kind not in owners.get(owner, set()):
            strays.append(f"{owner}: {kind.__name__}")
    assert strays == []


def test_every_refusal_says_what_it_means_and_what_to_do():
    silent = [
        kind.__name__
        for kind in {*_own_codes(), *COMMON}
        if not vars(kind).get("__doc__") or not kind.action or not kind.message
    ]
    assert silent == []


def test_a_code_is_written_in_capitals_and_its_status_is_an_error():
    odd = [
        kind.__name__
        for kind in _own_codes()
        if not kind.code.replace("_", "").isalpha() or not kind.code.isupper() or not 400 <= kind.status < 600
    ]
    assert odd == []


# A column that names a person, by its word; a foreign key to users is one whatever it is called.
_PERSONS = {"user_id", "buyer_id", "seller_id", "owner_id", "actor_id", "account_id", "asked_by", "resolved_by"}
# Holds the bare id of a person and no PersonalData -> why that is right.
_IDS_ONLY = {
    "audit": "auth's erasure blanks an erased person's addresses there; the record itself stays, under the bare id",
    "ledger": "books are kept by law, under the bare id; `payments` exports what they say of a person",
}


def test_every_slice_with_a_persons_column_registers_what_it_holds_on_people():
    by_name = {module.name: module for module in MODULES}
    holding = {_owner(mapper.class_.__module__) for mapper in Base.registry.mappers if _names_a_person(mapper)}
    silent = {name for name in holding if name not in by_name or by_name[name].personal is None}
    assert silent == set(_IDS_ONLY), "register PersonalData, or give the reason here; a reason nobody needs goes"
    assert {"users", "auth", "payments"} <= holding


def _owner(models: str) -> str:
    return slice_of(models).rsplit(".", 1)[-1]


def _names_a_person(mapper: Mapper[Any]) -> bool:
    # A number is no person's id: the ledger's accounts are numbered.
    return mapper.local_table.name == "users" or any(
        (column.name in _PERSONS and isinstance(column.type, Uuid))
        or any(key.target_fullname == "users.id" for key in column.foreign_keys)
        for column in mapper.columns
    )


def test_every_table_belongs_to_one_slice_and_is_loaded_with_the_table_of_contents():
    for name in _every_module():
        if name.endswith(".models"):
            import_module(name)
    assert {mapper.class_.__module__.rsplit(".", 1)[-1] for mapper in Base.registry.mappers} == {"models"}
