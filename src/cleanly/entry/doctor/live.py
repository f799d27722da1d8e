"""How the service itself looks to a stranger: headers, errors, closed doors, a limit."""

import json
from typing import Any

from cleanly.entry.doctor.check import Check
from cleanly.entry.doctor.edge import PRIVATE
from cleanly.entry.doctor.subject import API, Subject
from cleanly.entry.doctor.verdicts import CannotTell, Verdict, judged
from cleanly.kernel.net import Answer

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'",
    "strict-transport-security": "max-age=",
}
CLOSED = ("/docs", f"{API}/openapi.json", "/metrics")
_NOWHERE = f"{API}/there-is-nothing-here"
_STACK = ("Traceback", 'File "', "site-packages", "sqlalchemy", "psycopg")


async def live(subject: Subject) -> Verdict:
    """What every answer should carry and none should tell."""
    base = subject.live
    private, nothing = await subject.get(f"{base}{PRIVATE}"), await subject.get(f"{base}{_NOWHERE}")
    if private.status >= 500:
        raise CannotTell(f"{PRIVATE} answers {private.status}: the service is not well")
    faults = [f"{PRIVATE} answers a stranger with {private.status}"] if private.status != 401 else []
    faults += [
        f"{name} is {private.headers.get(name, 'missing')}"
        for name, part in HEADERS.items()
        if part not in private.headers.get(name, "")
    ]
    if "ratelimit" not in private.headers:
        faults.append("no RateLimit header: calls are not counted")
    for path, answer in ((PRIVATE, private), (_NOWHERE, nothing)):
        if not _is_envelope(answer):
            faults.append(f"{path} answers with no error of ours")
        if any(word in answer.body.decode(errors="replace") for word in _STACK):
            faults.append(f"{path} shows what the code is made of")
    for path in CLOSED:
        if (await subject.get(f"{base}{path}")).status == 200:
            faults.append(f"{path} is open")
    return judged(faults, "headers, errors, closed doors and a rate limit as they should be")


def _is_envelope(answer: Answer) -> bool:
    try:
        read: Any = json.loads(answer.body)
        return isinstance(read["error"]["code"], str)
    except (ValueError, KeyError, TypeError):
        return False


CHECKS = (
    Check("security.live", live, "look at the header or path named; DOCS=off, METRICS_TOKEN, APP_ENV=production"),
)
