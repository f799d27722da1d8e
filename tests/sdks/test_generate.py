"""What the SDKs are generated from: a surface that fits, a file that is out of date is told."""

import copy
import json
import sys
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from sdks.generate import __main__ as command
from sdks.generate import reading
from sdks.generate.contract import Choice, Many, Nullable, Pages, Plain, Ref
from sdks.generate.reading import SDKS, BadSurface


@pytest.fixture(scope="module")
def told() -> tuple[Any, Any, Any]:
    document, errors = (json.loads((SDKS / name).read_text()) for name in ("openapi.json", "errors.json"))
    return document, errors, yaml.safe_load((SDKS / "surface.yaml").read_text())


def test_an_operation_without_a_name_is_refused(told):
    document, errors, surface = copy.deepcopy(told)
    document["paths"]["/api/v1/health"]["get"]["operationId"] = "brand_new"
    with pytest.raises(BadSurface, match="brand_new, health"):
        reading.read(document, errors, surface)


def test_the_document_is_read_for_what_it_means(told):
    contract = reading.read(*told)
    calls = {one.id: one for one in contract.operations}
    models = {one.name: one for one in contract.models}
    assert calls["list_payments"].answer == Pages(Ref("Payment"))
    assert calls["create_payment"].is_keyed
    assert calls["create_payment"].needs_token
    assert not calls["login"].needs_token
    assert "PAYMENT_DECLINED" in calls["create_payment"].codes
    assert calls["change_profile"].takes_if_match
    assert calls["register"].may_be_accepted
    fields = {one.wire: one.type for one in models["Payment"].fields}
    assert fields["total"] == Ref("Money")
    assert fields["sellerId"] == Nullable(Plain("uuid"))
    assert isinstance(fields["state"], Choice)
    assert {one.wire: one.type for one in models["Product"].fields}["prices"] == Many(Ref("Price"))
    assert models["User"].has_etag


def test_what_is_old_or_too_much_is_told_and_then_mended(monkeypatch, tmp_path, capsys):
    files: Mapping[str, str] = {"openapi.json": "{}", "made/one.py": "1"}
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "gone.py").write_text("0")
    monkeypatch.setattr(command, "SDKS", tmp_path)
    monkeypatch.setattr(command, "FOLDERS", ("made",))
    monkeypatch.setattr(command, "wanted", lambda: files)
    monkeypatch.setattr(sys, "argv", ["generate", "--check"])
    assert command.main() == 1
    said = capsys.readouterr().out
    assert all(f"sdks/{name}" in said for name in ("openapi.json", "made/one.py", "made/gone.py"))
    monkeypatch.setattr(sys, "argv", ["generate"])
    assert command.main() == 0
    monkeypatch.setattr(sys, "argv", ["generate", "--check"])
    assert command.main() == 0
    assert not (tmp_path / "made" / "gone.py").exists()
