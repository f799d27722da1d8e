"""The database and the running service that a bench measures, with accounts and sessions put in by SQL."""

import asyncio
import contextlib
import json
import os
import pathlib
import secrets
import shutil
import socket
import sys
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg

from bench.machine import Cores, move, on, process, wait_until_answers
from cleanly.domain.auth.sessions.settings import SessionSettings
from cleanly.domain.auth.sessions.tokens import AccessSigner, RefreshCodec, row_key
from cleanly.entry import embedded, migrate
from cleanly.platform.passwords.hashing import Hasher
from cleanly.platform.passwords.settings import PasswordSettings

ROOT = pathlib.Path(__file__).parents[1]
PASSWORD = "correct horse battery staple"
EMAIL = "bench@example.com"


@dataclass(frozen=True)
class Stage:
    """A running service, pinned, with one user whose access token is `access`."""

    base: str
    pid: int
    access: str
    seller: str
    sandbox: dict[str, str]
    user_id: UUID
    server: embedded.EmbeddedServer
    url: str
    folder: pathlib.Path
    cores: Cores
    seconds_to_first_answer: float
    settings: SessionSettings

    def refresh_bodies(self, count: int) -> pathlib.Path:
        """Open `count` sessions and write a refresh call for each."""
        codec, now = RefreshCodec.of(self.settings), datetime.now(UTC)
        selectors = [secrets.token_bytes(16) for _ in range(count)]
        later = now + timedelta(days=10)
        owner = uuid4()  # not the one who logs in: a login looks at its user's live sessions
        with psycopg.connect(self.url) as connection:
            connection.execute(
                "INSERT INTO users (id, email, name, created_at, updated_at) VALUES (%s, %s, 'Many', %s, %s)",
                (owner, f"{owner}@example.com", now, now),
            )
            with connection.cursor().copy(
                "COPY refresh_tokens (id, user_id, token, key_id, generation, epoch, min_epoch, confirmed_epoch,"
                " last_used_at, created_at, expires_at, absolute_expires_at) FROM STDIN"
            ) as copy:
                for selector in selectors:
                    copy.write_row(
                        (uuid4(), owner, row_key(selector), codec.signing, 1, 1, 1, 0, now, now, later, later)
                    )
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE refresh_tokens")
        path = self.folder / "refresh.txt"
        path.write_text("".join(json.dumps({"refreshToken": codec.make(one, 1)}) + "\n" for one in selectors))
        (self.folder / "selectors.txt").write_text("\n".join(row_key(one) for one in selectors))
        return path


@contextlib.contextmanager
def running(cores: Cores, *, port: int = 0) -> Generator[Stage, None, None]:
    """Start an empty database and the service on it, held to the serving core."""
    port = port or free_port()
    folder = ROOT / ".data" / "bench"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with embedded.start(folder / "postgres") as server:
        server.create("bench")
        url = server.url("bench")
        migrate.migrate(url)
        settings = SessionSettings(jwt_access_token_expiry=86_400)
        # Logging in again and again ends the sessions longest unused: the one that reads is another account's.
        _add_user(url, EMAIL)
        user_id, session_id = _add_user(url, "reader@example.com")
        signer, now = AccessSigner.of(settings), datetime.now(UTC)
        access, _ = signer.sign(user_id=user_id, session_id=session_id, epoch=1, now=now, jitter=0)
        other, other_session = _add_user(url, "seller@example.com")
        seller, _ = signer.sign(user_id=other, session_id=other_session, epoch=1, now=now, jitter=0)
        sandbox = {"SANDBOX_WEBHOOK_URL": f"http://127.0.0.1:{port}/api/v1/webhooks/sandbox"}
        program = pathlib.Path(sys.executable).with_name("cleanly")
        environment = {
            "APP_ENV": "test",
            "API_HOST": "127.0.0.1",
            "API_PORT": str(port),
            "DATABASE_URL": url,
            "DRAIN_SECONDS": "0",
            "LOG_FORMAT": "json",
            "JWT_ACCESS_TOKEN_EXPIRY": "86400",
            **{
                f"RATE_LIMIT_{name}": "100000000/minute"
                for name in ("DEFAULT", "AUTH", "REFRESH", "ACCOUNT", "MAIL", "WEBHOOKS")
            },
            **sandbox,
        }
        with process(on(cores.serving, program, "serve"), environment, folder / "service.log") as pid:
            base = f"http://127.0.0.1:{port}"
            took = wait_until_answers(f"{base}/api/v1/health/live")
            move(server.pid, cores.asking)
            yield Stage(base, pid, access, seller, sandbox, user_id, server, url, folder, cores, took, settings)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _add_user(url: str, email: str) -> tuple[UUID, UUID]:
    """One user with a password and one session, its first access token already confirmed."""
    hasher = Hasher(PasswordSettings())
    stored = asyncio.run(hasher.hash(PASSWORD))
    hasher.close()
    now, user_id, session_id = datetime.now(UTC), uuid4(), uuid4()
    later = now + timedelta(days=10)
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO users (id, email, password_hash, name, created_at, updated_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (user_id, email, stored, "Bench", now, now),
        )
        connection.execute(
            "INSERT INTO refresh_tokens (id, user_id, token, key_id, generation, epoch, min_epoch, confirmed_epoch,"
            " last_used_at, created_at, expires_at, absolute_expires_at)"
            " VALUES (%s, %s, %s, 'bench', 1, 1, 1, 1, %s, %s, %s, %s)",
            (session_id, user_id, row_key(os.urandom(16)), now, now, later, later),
        )
    return user_id, session_id
