"""Secrets put into every place that can hold one: settings, requests to every route, what providers answer, jobs."""

import contextlib
import json
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import httpx2

from tests.flows.process import ROOT, Postgres, Service
from tests.flows.test_faults import registered
from tests.world import PASSWORD

CANARY = "canary7f3e9b"
CARD, IBAN = "4000056655665556", "DE89370400440532013000"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
# A refusal names the fields that it does not know, and no value.
UNKNOWN_FIELD = "unwelcome"
BODY = {
    **dict.fromkeys(("email", "name", "password", "newPassword", "currentPassword", "refreshToken", "token"), CANARY),
    **dict.fromkeys(("code", "otp", "idToken", "purchaseToken", "clientSecret", "payee", "url", UNKNOWN_FIELD), CANARY),
    "cardNumber": CARD,
    "card": {"number": CARD, "cvc": CANARY},
    "iban": IBAN,
    "metadata": {"card": CARD},
}
HEADERS = {
    "Cookie": f"session={CANARY}",
    "X-Api-Key": CANARY,
    "X-Edge-Secret": CANARY,
    "CF-Ray": CANARY,
    "CF-Connecting-IP": CANARY,
    "X-Forwarded-For": CANARY,
    "User-Agent": CANARY,
    "X-Device-Name": CANARY,
    "If-Match": f'"{CANARY}"',
    "If-None-Match": f'"{CANARY}"',
    "Accept-Language": CANARY,
    "Referer": CANARY,
    "Stripe-Signature": f"t=1,v1={CANARY}",
    "Paypal-Transmission-Sig": CANARY,
    "Paypal-Auth-Algo": CANARY,
    "traceparent": f"00-{CANARY}-{CANARY}-01",
    "tracestate": f"a={CANARY}",
    "baggage": f"a={CANARY}",
    "X-Request-ID": f"{CANARY} x",
    "Idempotency-Key": f"{CANARY}-key",
}


@dataclass
class Echo:
    """Plays every provider, and each of its answers repeats what it was sent. `traces`: of the calls, in order."""

    address: str = ""
    traces: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


@contextlib.contextmanager
def echoing() -> Generator[Echo, None, None]:
    made = Echo()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            made.paths.append(self.path)
            made.traces.append((self.headers["traceparent"] or "--").split("-")[1])
            told = f"no: {self.headers['Authorization']} {self.path} {sent} {CANARY} card {CARD}"
            error = {"type": "invalid_request_error", "code": "parameter_invalid", "message": told}
            body = json.dumps({"error": error, "name": "NO", "message": told, "error_description": told})
            if "keys" in self.path:
                body = f'{{"keys": "{CANARY}"'
            self.send_response(500 if "customers" in self.path else 200 if "keys" in self.path else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body.encode())))
            self.send_header("Set-Cookie", f"session={CANARY}")
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the library's names

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - inherited
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def settings(echo: Echo) -> dict[str, str]:
    """Every secret that a setting holds; mail, cache and replica are not there at all."""
    return {
        "jwt_secret": f"{CANARY}-jwt-secret-of-more-than-thirty-two-bytes",
        "edge_secret": f"{CANARY}-edge-secret",
        "redis_url": f"redis://user:{CANARY}@127.0.0.1:1/0",
        "read_database_url": f"postgresql://user:{CANARY}@127.0.0.1:1/none",
        "mail_url": f"smtps://user:{CANARY}@127.0.0.1:1",
        "stripe_secret_key": f"sk_test_{CANARY}",
        "stripe_publishable_key": f"pk_test_{CANARY}",
        "stripe_webhook_secret": f"whsec_{CANARY}",
        "stripe_connect_webhook_secret": f"whsec_connect{CANARY}",
        "stripe_mobile_api_version": "2024-06-20",
        "stripe_api_base": echo.address,
        "paypal_client_id": f"{CANARY}-client",
        "paypal_client_secret": f"{CANARY}-secret",
        "paypal_webhook_id": f"{CANARY}-webhook",
        "paypal_base_url": echo.address,
        "google_client_ids": "a.apps.googleusercontent.com",
        "google_jwks_url": f"{echo.address}/keys",
        "hibp_check": "true",
        "hibp_url": f"{echo.address}/range/",
        "backup_bucket": "copies",
        "backup_endpoint_url": "http://127.0.0.1:1",
        "backup_access_key_id": f"{CANARY}-id",
        "backup_secret_access_key": f"{CANARY}-secret",
    }


async def plant(client: httpx2.AsyncClient, running_service: Service) -> list[str]:
    """Put a secret into every place of a request that can hold one; returns what must not be seen again."""
    who, opened = await registered(client, **{"X-Device-Name": f"{CANARY}-device", "User-Agent": f"{CANARY}-agent"})
    tokens = opened.json()
    bearer = {"Authorization": f"Bearer {tokens['accessToken']}"}
    await client.post("/auth/login", json={"email": who["email"], "password": f"{CANARY}-password"})
    await client.post("/auth/refresh", json={"refreshToken": f"rt1.{CANARY}token"})
    await client.post("/auth/register", content=b'{"email": "%s' % CANARY.encode())
    await client.post("/auth/register", json={"email": f"{CANARY}@example.com", UNKNOWN_FIELD: CANARY})
    await client.get("/users/me", headers=bearer | {"Cookie": f"session={CANARY}", "X-Api-Key": CANARY})
    await client.get("/users/me", headers={"Authorization": f"Bearer {CANARY}.{CANARY}.{CANARY}"})
    await client.get("/users/me", headers={"Authorization": f"Basic {CANARY}"})
    await client.get(f"/users/{CANARY}", headers=bearer, params={"token": CANARY, CANARY: CANARY})
    await client.get(f"/{CANARY}/{CANARY}")
    await client.request(CANARY.upper()[:6], "/health")
    await client.post("/auth/logout", json={}, headers={"Idempotency-Key": CANARY, "X-Request-ID": f"{CANARY} x"})
    with httpx2.Client() as plain:
        plain.get(f"{running_service.address}/dev/mail?to={CANARY}")
    fresh = await client.post("/auth/refresh", json={"refreshToken": tokens["refreshToken"]})
    return [CANARY, PASSWORD, tokens["accessToken"], tokens["refreshToken"], fresh.json()["refreshToken"], who["email"]]


async def plant_everywhere(client: httpx2.AsyncClient) -> list[str]:
    """Into every route there is: signed in and as a stranger, in path, query, headers, body, and a body cut short."""
    _, opened = await registered(client)
    bearer = {"Authorization": f"Bearer {opened.json()['accessToken']}"}
    whole = json.dumps(BODY).encode()
    paths: dict[str, dict[str, Any]] = json.loads((ROOT / "sdks" / "openapi.json").read_text())["paths"]
    doors = [(method, path) for path, methods in paths.items() for method in methods if method != "parameters"]
    assert len(doors) > 80
    for method, path in doors:
        where = path.removeprefix("/api/v1") if path.startswith("/api/v1") else f"/../..{path}"
        where = where.replace("{provider}", "stripe").replace("{", "").replace("}", CANARY)
        for body, who in ((whole, bearer), (whole[:-9], bearer), (whole, {"Authorization": f"Bearer {CANARY}"})):
            sent = HEADERS | {"Content-Type": "application/json"} | who
            reply = await client.request(
                method.upper(), where, content=body, headers=sent, params={"token": CANARY, "cursor": CANARY}
            )
            assert reply.status_code < 500, f"{method} {path}"
    return [CARD, IBAN, opened.json()["accessToken"], opened.json()["refreshToken"]]


async def plant_outside(client: httpx2.AsyncClient, trace: dict[str, str]) -> list[str]:
    """Where we call others, or others us: sign-in, payments, sellers, news. What they answer repeats all."""
    _, opened = await registered(client)
    bearer = {"Authorization": f"Bearer {opened.json()['accessToken']}"}

    async def post(path: str, body: Any, **headers: str) -> httpx2.Response:
        return await client.post(path, json=body, headers=bearer | {"Idempotency-Key": str(uuid4())} | headers)

    price = {"unitAmount": {"amount": 1000, "currency": "EUR"}}
    product = (await post("/products", {"name": "A lamp", "kind": "physical", "price": price})).json()
    _, other = await registered(client)
    buyer = {"Authorization": f"Bearer {other.json()['accessToken']}"}
    [offer] = product["prices"]
    for provider in ("stripe", "paypal"):
        bought = {"priceId": offer["id"], "provider": provider, "metadata": {"card": CARD, "note": CANARY}}
        paid = await post("/payments", bought, **buyer, **trace)
        assert paid.status_code in {402, 502, 504}, paid.text
    await post("/payout-accounts", {"provider": "stripe", "country": "DE"})
    await post("/payout-accounts", {"provider": "paypal", "country": "DE", "payee": f"{CANARY}@example.com"})
    await post("/auth/google", {"idToken": f"eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.e30.{CANARY}", "nonce": CANARY})
    hook = {"url": f"https://user:{CANARY}@example.com/hook?token={CANARY}", "eventTypes": ["payment.*"]}
    await post("/webhook-endpoints", hook)
    made = await post("/webhook-endpoints", hook | {"url": f"https://example.com/hook?token={CANARY}"})
    for provider in ("stripe", "paypal", "google-play", "sandbox"):
        for body in (BODY, [CANARY], CANARY):
            await client.post(f"/webhooks/{provider}", json=body, headers=HEADERS | {"Authorization": CANARY})
    return [made.json()["secret"], other.json()["accessToken"]]


def plant_job(postgres: Postgres) -> int:
    """A job whose arguments its handler can't read."""
    [(job_id,)] = postgres.rows(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('default', 'mail.send', %s) RETURNING id",
        json.dumps({"payload": BODY, "attempts_max": 1}),
    )
    return int(job_id)
