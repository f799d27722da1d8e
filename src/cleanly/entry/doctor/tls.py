"""TLS: to the origin and to the world, with days left, nothing old, and no plain http."""

import ssl
from urllib.parse import urlsplit

from cleanly.entry.doctor import asking
from cleanly.entry.doctor.check import Check
from cleanly.entry.doctor.edge import PRIVATE
from cleanly.entry.doctor.subject import Subject
from cleanly.entry.doctor.verdicts import Verdict, failed, judged, passed

_DAYS_MIN = 14
_DAY = 86_400


async def mode(subject: Subject) -> Verdict:
    """The edge verifies the origin's certificate."""
    value = await subject.cloudflare.setting("ssl")
    return passed("strict") if value == "strict" else failed(f"SSL/TLS mode is {value}, not strict")


async def certificate(subject: Subject) -> Verdict:
    """A chain that is trusted, for two weeks more; and nobody speaks TLS 1.1 there."""
    host, port = subject.host
    try:
        shown = await asking.certificate(host, port, subject.tls)
    except asking.Refused as error:
        return failed(str(error))
    days = (ssl.cert_time_to_seconds(str(shown["notAfter"])) - subject.now.timestamp()) / _DAY
    faults = [] if days > _DAYS_MIN else [f"the certificate ends in {days:.0f} days"]
    if await asking.takes_old_tls(host, port):
        faults.append("TLS 1.1 is spoken")
    return judged(faults, f"{days:.0f} days left; TLS 1.1 is refused")


async def redirect(subject: Subject) -> Verdict:
    """Plain http leads to https, and https says to stay there."""
    host, _ = subject.host
    plain = await subject.get(f"{subject.plain or f'http://{host}'}{PRIVATE}")
    there = plain.headers.get("location", "")
    faults: list[str] = []
    if plain.status not in {301, 302, 307, 308} or urlsplit(there).scheme != "https":
        faults.append(f"http answers {plain.status}, no way to https")
    secure = await subject.get(f"{subject.live}{PRIVATE}")
    if "max-age=" not in secure.headers.get("strict-transport-security", ""):
        faults.append("no Strict-Transport-Security")
    return judged(faults, "http leads to https; HSTS is there")


CHECKS = (
    Check("ssl.mode", mode, "run cleanly edge apply: SSL/TLS mode strict"),
    Check("ssl.cert", certificate, "renew the certificate in Render, then cleanly edge apply (minimum TLS 1.2)"),
    Check("ssl.redirect", redirect, "run cleanly edge apply; APP_ENV=production sends HSTS"),
)
