"""What is published of the Python SDK: the library, typed, and nothing that the service needs."""

import re
import shutil
import subprocess
import sys
import zipfile

from cleanly_client import VERSION

from sdks.generate.reading import SDKS


def test_the_wheel_is_typed_and_needs_only_an_http_client(tmp_path):
    shutil.copytree(SDKS / "python", tmp_path / "python", ignore=shutil.ignore_patterns("__pycache__"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=tmp_path / "python", check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == f"cleanly_client-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as package:
        names = package.namelist()
        metadata = package.read(f"cleanly_client-{VERSION}.dist-info/METADATA").decode()
    assert "cleanly_client/py.typed" in names
    assert {name.partition("/")[0] for name in names} == {"cleanly_client", f"cleanly_client-{VERSION}.dist-info"}
    needed = [line for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    assert [line for line in needed if "extra ==" not in line] == ["Requires-Dist: httpx2>=2.16"]


def test_the_library_knows_nothing_of_the_service():
    texts = {path.name: path.read_text() for path in (SDKS / "python" / "src").rglob("*.py")}
    assert len(texts) > 20
    foreign = re.compile(r"^\s*(from|import) (cleanly|sdks)\b", re.MULTILINE)
    assert [name for name, text in texts.items() if foreign.search(text)] == []
