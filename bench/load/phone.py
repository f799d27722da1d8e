"""One phone: what it does between two looks at its screen, and how it goes on when an answer does not come.

It keeps the rules of docs/clients.md: one key per act until there is an answer, tokens kept through every doubt.
"""

import random
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import gevent
from locust import HttpUser, task

from bench.load.findings import Network, Sample, fault_of
from bench.load.market import Market
from bench.load.plan import Plan

PASSWORD = "correct horse battery staple"
ENDED = {"REFRESH_TOKEN_INVALID", "REFRESH_TOKEN_REUSED", "SESSION_REVOKED", "SESSION_EXPIRED", "TOKEN_INVALID"}
TRIES_MAX, SETTLING_TRIES_MAX = 4, 8
_PATIENCE_SECONDS: Mapping[Network, float] = {"good": 30.0, "bad": 3.0}
_FIRST_PAUSE_SECONDS = 0.2


@dataclass
class Run:
    """What the phones of a run share."""

    plan: Plan
    market: Market
    name: str
    bases: Mapping[Network, str]
    chance: random.Random
    samples: list[Sample] = field(default_factory=list)
    phones: list["Phone"] = field(default_factory=list)

    @property
    def ready(self) -> int:
        """How many phones have an account and a session."""
        return sum(bool(phone.access) for phone in self.phones)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; `body` is the JSON's object, or empty."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """The refusal's code, if it is one."""
        return str(self.body.get("error", {}).get("code", ""))


class Phone(HttpUser):
    """A person with the app. `sent`: every payment's key and body; `told`: what the service answered to a key."""

    run_of: ClassVar[Run]
    host = "http://localhost"  # locust wants one; every call names its own

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)  # type: ignore[no-untyped-call]
        self.everything = type(self).run_of
        self.number = len(self.everything.phones)
        self.everything.phones.append(self)
        self.network: Network = "good"
        if self.everything.plan.has_bad_networks and _is_chosen(self.number, self.everything.plan.bad_share):
            self.network = "bad"
        self.began_on = self.network
        self.email = f"load-{self.everything.name}-{self.number}@example.com"
        self.access = self.refresh_token = ""
        self.is_logged_out = ""
        self.sent: dict[str, dict[str, object]] = {}
        self.told: dict[str, str | None] = {}
        self._etags: dict[str, str] = {}
        self._last_seconds = 0.0
        self.client.trust_env = False

    def wait_time(self) -> float:
        """None between two tasks: each call has its own think time."""
        return 0.0

    def on_start(self) -> None:
        """A new account; the same again with the same key until it is known to exist."""
        body = {"email": self.email, "password": PASSWORD, "name": "Ada"}
        reply = self._until_answered("POST /auth/register", "/auth/register", body, expected={201})
        if reply is None or reply.status != 201:
            return
        self._keep(reply)

    @task(30)
    def looks_at_itself(self) -> None:
        """The app comes to the front."""
        self._read("GET /users/me", "/users/me")

    @task(25)
    def browses(self) -> None:
        """The shelf, from the cache where it has not changed."""
        self._read("GET /products", "/products?limit=20", signed=False)

    @task(10)
    def looks_closer(self) -> None:
        """One product."""
        product = self.everything.chance.choice(self.everything.market.products)
        self._read("GET /products/{id}", f"/products/{product}", signed=False)

    @task(8)
    def looks_what_it_may_use(self) -> None:
        """What was bought and lasts."""
        self._read("GET /entitlements", "/entitlements")

    @task(10)
    def looks_at_its_payments(self) -> None:
        """The first page."""
        self._read("GET /payments", "/payments?limit=20", has_etag=False)

    @task(10)
    def buys(self) -> None:
        """One act, one key, kept with its body before the first try: whatever happens, it is paid once."""
        self._think()
        key = f"{self.everything.name}-{self.number}-{len(self.sent)}"
        price = self.everything.chance.choice(self.everything.market.prices)
        self.sent[key] = {"priceId": price, "provider": "sandbox", "metadata": {"load": key}}
        self._pay(key)

    @task(5)
    def refreshes(self) -> None:
        """Before the access token ends, as apps do."""
        self._think()
        self._refresh()

    @task(1)
    def logs_in_again(self) -> None:
        """A person who has forgotten that they are logged in."""
        self._think()
        reply = self.try_again("POST /auth/login", "/auth/login", {"email": self.email, "password": PASSWORD})
        if reply is not None and reply.status == 200:
            self._keep(reply)

    def settle(self) -> None:
        """After the run, on a good network: every key to its answer, and the session must still be one."""
        self.network = "good"
        for key in self.sent:
            if key not in self.told:
                self._pay(key, tries=SETTLING_TRIES_MAX)
        self._refresh(tries=SETTLING_TRIES_MAX)
        reply = self.try_again("GET /users/me", "/users/me", signed=True, method="GET", tries=SETTLING_TRIES_MAX)
        if reply is None or reply.status != 200:
            self.is_logged_out = self.is_logged_out or (reply.code if reply is not None else "no answer")

    def payments(self) -> list[tuple[str, str]]:
        """Key and id of everything that the service says this buyer has bought."""
        found: list[tuple[str, str]] = []
        cursor = ""
        while True:
            path = f"/payments?role=buyer&limit=100{cursor}"
            reply = self.try_again("GET /payments", path, signed=True, method="GET", tries=SETTLING_TRIES_MAX)
            if reply is None or reply.status != 200:
                return found
            items = cast("list[dict[str, Any]]", reply.body["items"])
            found += [(str(item["metadata"].get("load")), str(item["id"])) for item in items]
            if not reply.body.get("nextCursor"):
                return found
            cursor = f"&cursor={reply.body['nextCursor']}"

    def _read(self, name: str, path: str, *, signed: bool = True, has_etag: bool = True) -> None:
        self._think()
        headers = {"If-None-Match": self._etags[path]} if path in self._etags else {}
        reply = self.try_again(name, path, signed=signed, method="GET", headers=headers, expected={200, 304})
        if reply is not None and has_etag and (etag := reply.headers.get("ETag")):
            self._etags[path] = etag

    def _pay(self, key: str, *, tries: int = TRIES_MAX) -> None:
        reply = self._until_answered(
            "POST /payments", "/payments", self.sent[key], expected={201, 402}, key=key, signed=True, tries=tries
        )
        if reply is not None and reply.status in {201, 402}:
            self.told[key] = str(reply.body["id"]) if reply.status == 201 else None
            if path := reply.body.get("client", {}).get("confirmPath"):
                self.try_again("POST .../confirm", str(path).removeprefix("/api/v1"), signed=True)

    def _refresh(self, *, tries: int = TRIES_MAX) -> bool:
        body = {"refreshToken": self.refresh_token}
        reply = self.try_again("POST /auth/refresh", "/auth/refresh", body, tries=tries)
        if reply is not None and reply.status == 200:
            self._keep(reply)
            return True
        if reply is not None and reply.code in ENDED:
            self.is_logged_out = reply.code
        return False

    def _until_answered(
        self,
        name: str,
        path: str,
        body: object,
        *,
        expected: Collection[int],
        key: str = "",
        signed: bool = False,
        tries: int = SETTLING_TRIES_MAX,
    ) -> Reply | None:
        headers = {"Idempotency-Key": key or str(uuid.UUID(int=self.everything.chance.getrandbits(128)))}
        return self.try_again(name, path, body, headers=headers, expected=expected, signed=signed, tries=tries)

    def try_again(
        self,
        name: str,
        path: str,
        body: object = None,
        *,
        method: str = "POST",
        signed: bool = False,
        headers: Mapping[str, str] | None = None,
        expected: Collection[int] = (200,),
        tries: int = TRIES_MAX,
    ) -> Reply | None:
        """The call, until there is an answer that waiting won't change; None when none came in so many tries."""
        reply = None
        for attempt in range(tries):
            if attempt:
                wait = float(reply.headers.get("Retry-After", 0)) if reply is not None else 0.0
                gevent.sleep(max(wait, _FIRST_PAUSE_SECONDS * 2**attempt * self.everything.chance.uniform(0.5, 1)))
            sent = dict(headers or {})
            if signed:
                sent["Authorization"] = f"Bearer {self.access}"
            reply = self._once(name, path, body, method=method, headers=sent, expected=expected)
            if reply is not None and reply.code in {"TOKEN_EXPIRED", "TOKEN_SUPERSEDED"} and signed:
                self._refresh()
                continue
            if reply is not None and reply.code in ENDED and signed:
                self.is_logged_out = reply.code
            if reply is None or reply.status in {409, 429} or reply.status >= 500:
                continue
            return reply
        return reply

    def _once(
        self,
        name: str,
        path: str,
        body: object,
        *,
        method: str,
        headers: Mapping[str, str],
        expected: Collection[int],
    ) -> Reply | None:
        began = time.monotonic()
        sent = {"X-Forwarded-For": _address(self.number), "X-Device-Name": "Phone", **headers}
        with self.client.request(
            method,
            f"{self.everything.bases[self.network]}/api/v1{path}",
            name=name,
            json=body,
            headers=sent,
            timeout=_PATIENCE_SECONDS[self.network],
            allow_redirects=False,
            catch_response=True,
        ) as answer:
            status = int(answer.status_code or 0)
            reply = _reply(answer) if status else None
            # A reply that was cut off arrives with its status, and is none.
            status = status if reply is not None else 0
            waits = reply is not None and reply.code in {"TOKEN_EXPIRED", "TOKEN_SUPERSEDED", "IDEMPOTENCY_IN_PROGRESS"}
            fault = fault_of(status, self.network, expected=status in expected or waits)
            answer.failure(fault) if fault else answer.success()
        self._last_seconds = time.monotonic() - began
        self.everything.samples.append(
            Sample(time.monotonic(), name, self.network, self._last_seconds * 1000, status, fault)
        )
        return reply

    def _keep(self, reply: Reply) -> None:
        self.access, self.refresh_token = str(reply.body["accessToken"]), str(reply.body["refreshToken"])

    def _think(self) -> None:
        """So long that all phones together make the calls asked for, as long as the answers come."""
        period = self.everything.chance.expovariate(self.everything.plan.rate / self.everything.plan.users)
        gevent.sleep(max(period - self._last_seconds, 0))


def _is_chosen(number: int, share: float) -> bool:
    """Evenly spread, whatever the number of phones."""
    return int((number + 1) * share) > int(number * share)


def _reply(answer: Any) -> Reply | None:
    try:
        body = answer.json() if answer.content else {}
    except ValueError:
        return None
    return Reply(int(answer.status_code), body if isinstance(body, dict) else {}, answer.headers)


def _address(number: int) -> str:
    """Each phone has its own, of the network for benchmarks (RFC 2544): a service that trusts loopback counts by it."""
    return f"198.18.{number // 256 % 256}.{number % 256}"
