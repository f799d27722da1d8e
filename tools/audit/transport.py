"""TLS: of what we call, read from the settings that are in force; of a live address, by shaking hands with it."""

import ast
import pathlib
import socket
import ssl
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx2

from cleanly.kernel.net import trusted_tls
from cleanly.kernel.pgconn import DatabaseUrl

from . import answers
from .answers import Visitor
from .findings import ROOT, Result, cannot_tell, judged

DAYS_MIN = 14
SECONDS_MAX = 10.0
_NEON = "postgresql://u:p@ep-x-pooler.eu-central-1.aws.neon.tech/db?sslmode=require&channel_binding=require"
_OPEN_NAMES = {"CERT_NONE", "_create_unverified_context", "PROTOCOL_TLSv1", "PROTOCOL_TLSv1_1", "PROTOCOL_SSLv23"}
_OPEN_WORDS = {"verify", "ssl", "check_hostname", "verify_ssl", "validate_certs"}


def outgoing() -> Result:
    """Every call of ours verifies whom it speaks to."""
    return judged("tls", [*context_faults(trusted_tls()), *_database_faults(), *source_faults(ROOT / "src")])


def context_faults(tls: ssl.SSLContext) -> Iterator[str]:
    """What is wrong with how calls over HTTP and SMTP verify."""
    if tls.verify_mode is not ssl.CERT_REQUIRED or not tls.check_hostname:
        yield "outgoing calls do not verify certificates"
    if tls.minimum_version < ssl.TLSVersion.TLSv1_2:
        yield "outgoing calls take less than TLS 1.2"
    if not tls.get_ca_certs():
        yield "outgoing calls know no roots"


def _database_faults() -> Iterator[str]:
    if "sslmode=verify-full" not in DatabaseUrl.parse(_NEON).conninfo:
        yield "`sslmode=require` of the database verifies nobody"


def source_faults(folder: pathlib.Path) -> Iterator[str]:
    """Places that switch verification off."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            is_off = isinstance(node, ast.keyword) and node.arg in _OPEN_WORDS and _is_false(node.value)
            is_set = isinstance(node, ast.Assign) and _is_false(node.value) and _names(node) & _OPEN_WORDS
            if name in _OPEN_NAMES or is_off or is_set:
                yield f"{path.relative_to(folder.parent)}:{getattr(node, 'lineno', 0)}: verification is switched off"


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _names(node: ast.Assign) -> set[str]:
    return {target.attr for target in node.targets if isinstance(target, ast.Attribute)}


def live(url: str | None, *, roots: ssl.SSLContext | None = None, now: datetime | None = None) -> Result:
    """A service that is really there: its certificate, its protocols, its headers. `roots` replaces the machine's."""
    if url is None:
        return cannot_tell("live", "no address: LIVE=https://api.example.com make audit")
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    if parts.scheme != "https" or not host:
        return judged("live", ["the address is not https"])
    trusted = roots or ssl.create_default_context()
    try:
        faults = list(_handshake(host, port, trusted, now or datetime.now(UTC)))
        if not faults:
            faults += _plain(host) if parts.port is None else []
            with httpx2.Client(base_url=url.rstrip("/"), timeout=SECONDS_MAX, verify=trusted) as client:
                faults += answers.faults(Visitor(client), is_edge=True)
    except (OSError, httpx2.TransportError) as error:
        return cannot_tell("live", f"{host} gives no answer: {type(error).__name__}")
    return judged("live", faults)


def _handshake(host: str, port: int, trusted: ssl.SSLContext, now: datetime) -> Iterator[str]:
    try:
        with _connected(host, port, trusted) as line:
            certificate = line.getpeercert() or {}
            version = line.version() or ""
    except ssl.SSLCertVerificationError as error:
        yield f"the certificate is not good: {error.verify_message}"
        return
    ends_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    if (left := (ends_at - now).days) < DAYS_MIN:
        yield f"the certificate ends in {left} days"
    if version not in {"TLSv1.2", "TLSv1.3"}:
        yield f"it speaks {version}"
    if _takes_old(host, port):
        yield "it takes TLS 1.1"


def _takes_old(host: str, port: int) -> bool:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE  # which version it takes is all that is asked
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is why it is tried
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    try:
        with _connected(host, port, old):
            return True
    except (ssl.SSLError, ConnectionError):
        return False


def _connected(host: str, port: int, tls: ssl.SSLContext) -> ssl.SSLSocket:
    line = socket.create_connection((host, port), SECONDS_MAX)
    try:
        return tls.wrap_socket(line, server_hostname=host)
    except BaseException:
        line.close()
        raise


def _plain(host: str) -> list[str]:
    try:
        reply = httpx2.get(f"http://{host}/api/v1/health", timeout=SECONDS_MAX)
    except httpx2.TransportError:
        return []  # nobody listens there: as good as a redirect
    is_sent_on = reply.status_code in {301, 302, 307, 308} and reply.headers.get("location", "").startswith("https://")
    return [] if is_sent_on or reply.status_code == 403 else [f"plain http is answered {reply.status_code}"]
