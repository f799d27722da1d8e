"""What the mail tests share: a real SMTP server on loopback whose answers a test sets, and a context with a mailer."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from cleanly.kernel.context import Context
from cleanly.platform.mail.messages import SendMail, Template
from cleanly.platform.mail.service import Mailer
from cleanly.platform.mail.settings import MailSettings

SECRET = b"a secret of the tests, 32 bytes."


class Post:
    """An SMTP server's inner life: what came, and what it answers (None: accepted)."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.over_tls: list[bool] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.on_sender: str | None = None
        self.on_recipient: str | None = None
        self.on_data: str | None = None

    async def handle_MAIL(self, server, session: Session, envelope: Envelope, address, options) -> str:  # noqa: N802
        if self.on_sender:
            return self.on_sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session: Session, envelope: Envelope, address, options) -> str:  # noqa: N802
        if self.on_recipient:
            return self.on_recipient.format(address=address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.on_data:
            return self.on_data
        self.envelopes.append(envelope)
        self.over_tls.append(session.ssl is not None)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    def authenticate(self, server, session, envelope, mechanism, data) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss/word", handled=False)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


@asynccontextmanager
async def post_office(*, tls: ssl.SSLContext | None = None, **options) -> AsyncGenerator[Post, None]:
    """A real SMTP server in this loop. `options` are aiosmtpd's."""
    post, loop = Post(), asyncio.get_running_loop()
    if options.pop("auth", False):
        options |= {"authenticator": post.authenticate, "auth_required": True, "auth_require_tls": tls is not None}

    def talk() -> SMTP:
        with warnings.catch_warnings():
            # aiosmtpd warns of passwords on an open line: on loopback that is the case under test.
            warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS", category=UserWarning)
            return SMTP(post, hostname="post.test", tls_context=tls, loop=loop, **options)

    server = await loop.create_server(talk, "127.0.0.1", 0)
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture
async def post() -> AsyncGenerator[Post, None]:
    async with post_office() as running:
        yield running


MakeMailer = Callable[..., Mailer]


@pytest.fixture
def make_mailer(clock) -> MakeMailer:
    def make(*, secrets=(SECRET,), outbox=None, **settings) -> Mailer:
        return Mailer(MailSettings(**settings), secrets=secrets, clock=clock, outbox=outbox)

    return make


@pytest.fixture
def make_context(clock):
    """A context without a database: sending needs none."""

    def make(mailer: Mailer) -> Context:
        return Context(db=None, clock=clock, parts={Mailer: mailer})

    return make


def reset_mail(mailer: Mailer, *, to: str = "ada@example.com", name: str = "Ada", token: str = "t0ken") -> SendMail:
    return mailer.payload(to=to, template=Template.RESET, values={"name": name, "token": token})


class Counted:
    """A counter that remembers."""

    def __init__(self) -> None:
        self.counts: list[dict[str, str]] = []

    def add(self, amount, attributes) -> None:
        assert amount == 1
        self.counts.append(attributes)


@pytest.fixture
def failed(monkeypatch) -> Counted:
    counter = Counted()
    monkeypatch.setattr("cleanly.platform.mail.metrics.FAILED", counter)
    return counter


@pytest.fixture
def sent(monkeypatch) -> Counted:
    counter = Counted()
    monkeypatch.setattr("cleanly.platform.mail.metrics.SENT", counter)
    return counter
