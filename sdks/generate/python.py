"""The Python back end: where its files go, and their last polish by the formatter and the import sorter."""

import pathlib
import subprocess
import sys
from collections.abc import Mapping

from sdks.generate.contract import Contract
from sdks.generate.python_models import models, refusals
from sdks.generate.python_surface import surface

FOLDER = "python/src/cleanly_client"
_RUFF = pathlib.Path(sys.executable).with_name("ruff")
_ROOT = pathlib.Path(__file__).parents[2]


def files(contract: Contract) -> Mapping[str, str]:
    """Every file, by its path under `sdks/`."""
    made = {f"{FOLDER}/models.py": models(contract), f"{FOLDER}/refusals.py": refusals(contract)}
    made |= {f"{FOLDER}/surface/{name}": text for name, text in surface(contract).items()}
    return {path: _polished(text, path) for path, text in made.items()}


def _polished(text: str, path: str) -> str:
    """Without imports that nobody uses, formatted as the house does."""
    for words in (("check", "--select", "F401,I001", "--fix-only", "--quiet"), ("format", "--quiet")):
        command = [str(_RUFF), *words, "--stdin-filename", f"sdks/{path}", "-"]
        text = subprocess.run(  # noqa: S603 - our own formatter
            command, input=text, capture_output=True, text=True, check=True, cwd=_ROOT
        ).stdout
    return text
