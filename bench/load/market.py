"""What the phones find there: sellers with products, and whether the service can be loaded in earnest at all."""

import itertools
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from bench.load.plan import Plan, Refused

PASSWORD = "correct horse battery staple"
# The last two digits tell the sandbox what becomes of a payment (docs/money.md): mostly captured at once.
AMOUNTS = (1200, 1500, 2300, 4500, 7900, 12000, 1900, 2500, 1803, 1801)
SELLERS_MAX = 8
_TIMEOUTS = re.compile(r"^db_client_connection_timeouts_total(?:\{[^}]*\})? ([0-9.e+]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Market:
    """Sellers' ids, and what they sell."""

    sellers: tuple[str, ...]
    products: tuple[str, ...]
    prices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """What the service says that it is; `commit` is empty where nobody tells."""

    version: str
    commit: str


class Door:
    """The service as this program asks it, beside the phones: straight, one call after the other."""

    def __init__(self, plan: Plan, *, metrics_token: str = "") -> None:
        self._base, self._metrics_token = plan.url, metrics_token
        self._numbers = itertools.count()
        self._session = requests.Session()
        self._session.trust_env = False

    def call(self, method: str, path: str, body: Any = None, *, token: str = "") -> requests.Response:
        """One call, from another address than the last. Where the service can't be reached the run can't be made."""
        number = next(self._numbers)
        headers = {"X-Forwarded-For": f"198.19.{number // 256 % 256}.{number % 256}"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        url = f"{self._base}{path}" if path.startswith(("/dev", "/metrics")) else f"{self._base}/api/v1{path}"
        try:
            return self._session.request(method, url, json=body, headers=headers, timeout=30, allow_redirects=False)
        except requests.RequestException as error:
            raise Refused(f"no answer from {self._base} ({type(error).__name__}): is it running? make run") from error

    def served(self) -> Served:
        """Version and commit; of a service on this machine that does not tell: this checkout's."""
        told = str(self._json(self.call("GET", "/health"), 200)["version"])
        version, _, commit = told.partition("+")
        if not commit and self._base.startswith("http://"):
            head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
            commit = head.stdout.strip()
        return Served(version, commit)

    def refuse_tight_limits(self, plan: Plan) -> None:
        """All phones stand behind one address here: unless the service believes what they say theirs is, it counts one.

        Raises:
            Refused: with how to start the service.
        """
        left = [self._left(self.call("GET", "/products?limit=1")) for _ in range(2)]
        first, second = left
        if first is None or second is None or second[0] >= first[0]:
            return
        if second[1] < plan.rate * 1.5:
            raise Refused(
                f"the service would take the {plan.users} phones for one client and refuse most calls. Start it with"
                " TRUSTED_PROXIES=127.0.0.1 (each phone then has an address of its own and the limits stay as they"
                " are), or a staging service with larger RATE_LIMIT_DEFAULT and RATE_LIMIT_AUTH"
            )

    def open_market(self, run: str, count: int) -> Market:
        """Sellers, a product each, and prices of every kind."""
        sellers: list[str] = []
        products: list[str] = []
        prices: list[str] = []
        for number in range(max(1, min(count, SELLERS_MAX))):
            who = {"email": f"load-{run}-seller{number}@example.com", "password": PASSWORD, "name": "Mira"}
            made = self._json(self.call("POST", "/auth/register", who), 201)
            token = str(made["accessToken"])
            sellers.append(str(made["user"]["id"]))
            body = {"name": f"Honey {run}", "kind": "physical", "price": _price(AMOUNTS[0])}
            product = self._json(self.call("POST", "/products", body, token=token), 201)
            products.append(str(product["id"]))
            prices.append(str(product["prices"][0]["id"]))
            for amount in AMOUNTS[1:]:
                path = f"/products/{product['id']}/prices"
                price = self._json(self.call("POST", path, _price(amount), token=token), 201)
                prices.append(str(price["id"]))
        return Market(tuple(sellers), tuple(products), tuple(prices))

    def pool_timeouts(self) -> int | None:
        """How many transactions have waited for a connection in vain; None where /metrics is closed to us."""
        reply = self.call("GET", "/metrics", token=self._metrics_token)
        if reply.status_code != 200:
            return None
        return int(sum(float(found[1]) for found in _TIMEOUTS.finditer(reply.text)))

    def balances(self, sellers: Sequence[str]) -> dict[str, int] | None:
        """Debits less credits by currency, of the platform and these sellers; None: /dev/ledger is closed."""
        total: dict[str, int] = {}
        for query in ("", *(f"?owner={seller}" for seller in sellers)):
            reply = self.call("GET", f"/dev/ledger{query}")
            if reply.status_code != 200:
                return None
            for item in reply.json()["items"]:
                sign = 1 if item["kind"] in {"asset", "expense"} else -1
                total[item["currency"]] = total.get(item["currency"], 0) + sign * int(item["amount"])
        return total

    @staticmethod
    def _json(reply: requests.Response, status: int) -> Any:
        if reply.status_code != status:
            print(reply.text[:500], file=sys.stderr)
            raise Refused(f"{reply.request.method} {reply.request.path_url}: {reply.status_code}, not {status}")
        return reply.json()

    @staticmethod
    def _left(reply: requests.Response) -> tuple[int, float] | None:
        """How many calls are left in the window, and how many a second the policy allows."""
        left = re.search(r";r=(\d+)", reply.headers.get("RateLimit", ""))
        policy = re.search(r";q=(\d+);w=(\d+)", reply.headers.get("RateLimit-Policy", ""))
        return (int(left[1]), int(policy[1]) / int(policy[2])) if left and policy else None


def _price(amount: int) -> Mapping[str, object]:
    return {"unitAmount": {"amount": amount, "currency": "EUR"}}
