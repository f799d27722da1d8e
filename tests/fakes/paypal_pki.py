"""A root of our own making, certificates below it, and pushes signed as PayPal signs them."""

import base64
import datetime as dt
import zlib
from dataclasses import dataclass
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.platform.providers.contract import Push

SANDBOX_NAME = "messageverificationcerts.sandbox.paypal.com"
CERTIFICATE_URL = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-5a29e601"
EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Authority:
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True)
class Signer:
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    chain: bytes  # PEM, the leaf first


@cache
def key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(subject: str, issuer: str, public: rsa.RSAPublicKey, signer: rsa.RSAPrivateKey, days: int):
    return (
        x509.CertificateBuilder()
        .subject_name(called(subject))
        .issuer_name(called(issuer))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(EPOCH)
        .not_valid_after(EPOCH + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )


def _for_authorities(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).add_extension(
        usage, critical=True
    )


@cache
def root(name: str = "Root of the tests") -> Authority:
    own = key(name)
    built = _for_authorities(_builder(name, name, own.public_key(), own, 3650))
    return Authority(own, built.sign(own, hashes.SHA256()))


@cache
def signer(name: str = SANDBOX_NAME, *, under: str = "Root of the tests", days: int = 800, bits: int = 2048) -> Signer:
    """A leaf below an intermediate below a root."""
    top, middle, own = root(under), key(f"middle of {under}"), key(f"{name} {bits}", bits)
    between = _for_authorities(_builder(f"Middle of {under}", under, middle.public_key(), top.key, 3000)).sign(
        top.key, hashes.SHA256()
    )
    leaf = (
        _builder(name, f"Middle of {under}", own.public_key(), middle, days)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(middle, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return Signer(own, leaf, leaf.public_bytes(pem) + between.public_bytes(pem))


def push(body: bytes, *, webhook_id: str, at: dt.datetime, by: Signer | None = None, **changed: str) -> Push:
    """A push as PayPal sends it; keywords replace headers, `_` for `-`."""
    time = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    text = f"transmission-1|{time}|{webhook_id}|{zlib.crc32(body)}".encode()
    signature = (by or signer()).key.sign(text, padding.PKCS1v15(), hashes.SHA256())
    headers = {
        "paypal-transmission-id": "transmission-1",
        "paypal-transmission-time": time,
        "paypal-transmission-sig": base64.b64encode(signature).decode(),
        "paypal-cert-url": CERTIFICATE_URL,
        "paypal-auth-algo": "SHA256withRSA",
    }
    return Push(headers | {f"paypal-{name.replace('_', '-')}": value for name, value in changed.items()}, body)
