"""The certificate that PayPal signs pushes with: fetched from an address that a stranger may have written.

So the host is checked before anything is fetched, redirects are not followed, the size is limited; then the chain is
checked to the public roots, the host name and the time. Names and hosts are PayPal's, one pair per environment.
"""

import asyncio
import hashlib
import pathlib
import re
import warnings
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final, Literal

import certifi
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import verification
from yarl import URL

from cleanly.kernel.errors import Unavailable
from cleanly.kernel.net import Answer, Http, NetError
from cleanly.platform.providers.errors import BadSignature

BODY_BYTES_MAX: Final = 64 * 1024
FETCH_SECONDS: Final = 5.0
_URL_LENGTH_MAX: Final = 500
_KNOWN_MAX: Final = 16
_KEY_BITS_MIN: Final = 2048
_ROOT: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)

Environment = Literal["sandbox", "live"]
Fetch = Callable[[str], Awaitable[Answer]]
HOSTS: Final[dict[Environment, str]] = {"live": "api.paypal.com", "sandbox": "api.sandbox.paypal.com"}
SUBJECTS: Final[dict[Environment, str]] = {
    "live": "messageverificationcerts.paypal.com",
    "sandbox": "messageverificationcerts.sandbox.paypal.com",
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """One that was found good, and until when it is."""

    key: rsa.RSAPublicKey
    fingerprint: str
    good_from: datetime
    good_until: datetime


class Certificates:
    """Those that were found good, by address. For one event loop."""

    def __init__(self, environment: Environment, *, fetch: Fetch, roots: Sequence[x509.Certificate]) -> None:
        self._host = HOSTS[environment]
        self._subject = x509.DNSName(SUBJECTS[environment])
        self._fetch = fetch
        self._store = verification.Store(list(roots))
        self._known: OrderedDict[str, Certificate] = OrderedDict()
        # One fetch at a time: a flood of invented addresses must not become a flood of calls in our name.
        self._fetching = asyncio.Lock()

    async def get(self, address: str, *, now: datetime) -> Certificate:
        """The certificate at that address.

        Raises:
            BadSignature: not PayPal's address, or not PayPal's certificate.
            Unavailable: it can't be fetched just now; PayPal will push again.
        """
        self._admit(address)
        found = self._recall(address, now)
        if found is None:
            async with self._fetching:
                found = self._recall(address, now)
                if found is None:
                    found = self._judge(await self._load(address), now)
                    self._known[address] = found
                    while len(self._known) > _KNOWN_MAX:
                        self._known.popitem(last=False)
        return found

    def _admit(self, address: str) -> None:
        if len(address) > _URL_LENGTH_MAX or not address.isascii():
            raise BadSignature("the certificate's address is no address")
        try:
            url = URL(address)
            host, port = url.host, url.port
        except ValueError as error:
            raise BadSignature("the certificate's address is no address") from error
        # Written exactly so: no other spelling of it is worth the risk that two readers read it differently.
        written = address.startswith(f"https://{self._host}/")
        if (
            not written
            or host != self._host
            or port != 443
            or url.scheme != "https"
            or url.raw_user
            or url.raw_fragment
        ):
            raise BadSignature("the certificate's address is not PayPal's")

    def _recall(self, address: str, now: datetime) -> Certificate | None:
        found = self._known.get(address)
        if found is None or not found.good_from <= now <= found.good_until:
            return None
        self._known.move_to_end(address)
        return found

    async def _load(self, address: str) -> bytes:
        try:
            answer = await self._fetch(address)
        except NetError as error:
            raise Unavailable("PayPal's certificate can't be fetched") from error
        if answer.status == 429 or answer.status >= 500:
            raise Unavailable("PayPal's certificate can't be fetched")
        if answer.status != 200:
            raise BadSignature(f"there is no certificate at its address ({answer.status})")
        return answer.body

    def _judge(self, body: bytes, now: datetime) -> Certificate:
        try:
            leaf, *others = x509.load_pem_x509_certificates(body)
        except ValueError as error:
            raise BadSignature("not a certificate") from error
        verifier = verification.PolicyBuilder().store(self._store).time(now).build_server_verifier(self._subject)
        try:
            chain = verifier.verify(leaf, others)
        except verification.VerificationError as error:
            raise BadSignature("the certificate is not PayPal's, or not good now") from error
        key = leaf.public_key()
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _KEY_BITS_MIN:
            raise BadSignature("the certificate has no RSA key that is long enough")
        return Certificate(
            key=key,
            fingerprint=hashlib.sha256(leaf.tbs_certificate_bytes).hexdigest()[:16],
            good_from=max(link.not_valid_before_utc for link in chain),
            good_until=min(link.not_valid_after_utc for link in chain),
        )


def fetch_over(http: Http) -> Fetch:
    """Fetch with the kernel's limits; it follows no redirect. `http` is `Http.to_anyone()`."""

    async def fetch(address: str) -> Answer:
        return await http.get(address, deadline_seconds=FETCH_SECONDS, body_bytes_max=BODY_BYTES_MAX)

    return fetch


@cache
def public_roots() -> tuple[x509.Certificate, ...]:
    """Certifi's roots, less those that RFC 5280 does not allow: the library warns of them and will refuse them."""
    found: list[x509.Certificate] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        for text in _ROOT.findall(pathlib.Path(certifi.where()).read_bytes()):
            try:
                found.append(x509.load_pem_x509_certificate(text))
            except (CryptographyDeprecationWarning, ValueError):
                continue
    return tuple(found)
