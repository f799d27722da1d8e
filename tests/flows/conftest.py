"""A PostgreSQL that a test may stop or freeze, and a folder for its processes."""

import pathlib
import shutil
import uuid
from collections.abc import Generator

import pytest

from cleanly.entry import embedded
from tests.conftest import DATA, empty
from tests.flows.process import Postgres


@pytest.fixture(scope="session")
def own_postgres(server: embedded.EmbeddedServer) -> Generator[Postgres, None, None]:
    made = Postgres(server, DATA / f"faults_{uuid.uuid4().hex[:12]}")
    try:
        made.make()
        yield made
    finally:
        made.remove()


@pytest.fixture
def postgres(own_postgres: Postgres) -> Generator[Postgres, None, None]:
    """A running server with rows of other tests in it: use names of your own."""
    yield own_postgres
    own_postgres.thaw()
    own_postgres.start()


@pytest.fixture
def fresh_url(database_url: str) -> Generator[str, None, None]:
    """This worker's database, for a service with settings of its own; emptied afterwards."""
    yield database_url
    empty(database_url)


@pytest.fixture
def folder() -> Generator[pathlib.Path, None, None]:
    """For a process that PostgreSQL's own user must be able to read in: pytest's folders are closed to others."""
    made = DATA / f"process_{uuid.uuid4().hex[:12]}"
    made.mkdir(parents=True)
    yield made
    shutil.rmtree(made, ignore_errors=True)
