"""The document's table of shards is that of the schema as it is."""

import psycopg
import pytest

from ops import shards
from tests.architecture.source import ROOT


@pytest.fixture
def found(database_url: str) -> list[shards.Lies]:
    with psycopg.connect(database_url) as connection:
        return shards.look(connection)


def test_the_document_tells_of_every_table_what_is_in_the_way(found):
    text = (ROOT / "docs" / "scale.md").read_text()
    told = [line for line in text.partition("| table | by | in the way |")[2].splitlines() if line.startswith("| `")]
    assert told == [lies.row for lies in found], "python -m ops.shards prints it"


def test_a_key_that_every_constraint_holds_fits_and_one_that_misses_is_named(found):
    rows = {lies.table: lies for lies in found}
    assert rows["hold_terms"] == shards.Lies("hold_terms", "seller_id", ())
    assert rows["provider_customers"].in_the_way == ()
    assert rows["entitlements"].in_the_way == ("primary key (id)",)
    assert "seller_id may be null" in rows["payments"].in_the_way
    assert "foreign key (buyer_id) to users" in rows["payments"].in_the_way
    assert "foreign key (seller_id) to users" not in rows["payments"].in_the_way
    assert rows["refunds"].in_the_way[0] == "no seller_id"
    assert "foreign key (seller_id) to users" in rows["products"].in_the_way
    assert "trigger ledger_entries_check" in rows["ledger_entries"].in_the_way
