"""A real nginx in front of real processes: it balances, forgives nothing, and takes a new list while it runs."""

import pathlib
import shutil
import subprocess
from collections.abc import Sequence

from tests.flows.process import SECONDS_MAX, free_port, until

# No second try at another server: a failure of one must be seen, not mended.
_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream service {{ {servers} keepalive 16; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://service;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_next_upstream off;
        }}
    }}
}}
"""


def program() -> str | None:
    """Debian's nginx, where it is installed."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


class Nginx:
    """One proxy of our own, on a port of its own."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self, ports: Sequence[int]) -> None:
        found = program()
        assert found is not None
        self._write(ports)
        log = self._folder / "error.log"
        command = [found, "-p", self._folder, "-c", self._folder / "nginx.conf", "-e", log]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: log.exists() and "start worker process" in log.read_text(), "nginx has started")

    def turn_to(self, ports: Sequence[int]) -> None:
        """Send what comes from now on to these; what is under way ends where it is."""
        assert self._process is not None
        log = self._folder / "error.log"
        before = log.read_text().count("start worker process ")
        self._write(ports)
        self._process.send_signal(1)  # SIGHUP: nginx's way to read its configuration again
        until(lambda: log.read_text().count("start worker process ") > before, "nginx has turned")

    def remove(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(SECONDS_MAX)

    def _write(self, ports: Sequence[int]) -> None:
        servers = " ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in ports)
        text = _CONFIGURATION.format(folder=self._folder, port=self._port, servers=servers)
        (self._folder / "nginx.conf").write_text(text)
