"""`python -m sdks.generate`: write the contract and what follows from it; `--check`: tell what differs, and fail.

A generator is a function `files(contract)` that returns texts by their path under `sdks/`. To add one, add it to
`GENERATORS`; every file in a folder that it owns (`FOLDERS`) which it no longer writes is removed.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping

from sdks.generate import kotlin, python, reading
from sdks.generate.contract import Contract
from sdks.generate.export import export
from sdks.generate.reading import SDKS

GENERATORS: tuple[Callable[[Contract], Mapping[str, str]], ...] = (python.files, kotlin.files)
FOLDERS: tuple[str, ...] = (f"{python.FOLDER}/surface", kotlin.FOLDER)


def wanted() -> dict[str, str]:
    """Every generated file, as it should be."""
    document, errors = export()
    contract = reading.read(json.loads(document), json.loads(errors))
    found = {"openapi.json": document, "errors.json": errors}
    for files in GENERATORS:
        found |= files(contract)
    return found


def main() -> int:
    """0, or 1 when `--check` finds something old."""
    parser = argparse.ArgumentParser(description="Write what follows from the service's own document.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if something would change")
    is_check: bool = parser.parse_args().check
    files = wanted()
    old = [path for path, text in files.items() if not (SDKS / path).exists() or (SDKS / path).read_text() != text]
    there = {path.relative_to(SDKS).as_posix() for folder in FOLDERS for path in (SDKS / folder).rglob("*.*")}
    extra = sorted(path for path in there - set(files) if "__pycache__" not in path)
    if is_check:
        for path in (*old, *extra):
            print(
                f"sdks/{path} is not what the service's code says now: run `make sdks`, read the difference, commit it"
            )
        return 1 if old or extra else 0
    for path in old:
        (SDKS / path).parent.mkdir(parents=True, exist_ok=True)
        (SDKS / path).write_text(files[path])
    for path in extra:
        (SDKS / path).unlink()
    print(f"{len(files)} files, {len(old)} written, {len(extra)} removed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
