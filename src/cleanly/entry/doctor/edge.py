"""The way in: the edge's rules, no fight against bots, and no way past the edge."""

import random
import re

from cleanly.entry.doctor.check import Check
from cleanly.entry.doctor.render import processes
from cleanly.entry.doctor.subject import API, Subject
from cleanly.entry.doctor.verdicts import Verdict, failed, judged, needs, passed
from cleanly.kernel.net import Answer

# Needs a login: a stranger is refused there, after having been counted.
PRIVATE = f"{API}/users/me"
_TRIES = 6  # more than there are instances, each of which may count by itself
_POLICY = re.compile(r'"default";q=(\d+)')
_LEFT = re.compile(r'"default";r=(\d+)')


async def plan(subject: Subject) -> Verdict:
    """The zone is as the code wants it."""
    if subject.edge_changes is None:
        raise needs("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ZONE_ID")
    return judged(list(await subject.edge_changes()), "cleanly edge plan has nothing to change")


async def bots(subject: Subject) -> Verdict:
    """Apps and webhooks look like bots, and no rule can except them."""
    is_on = await subject.cloudflare.fights_bots()
    return failed("Bot Fight Mode is on") if is_on else passed("Bot Fight Mode is off")


async def origin(subject: Subject) -> Verdict:
    """Past the edge there is nothing, or a refusal; and nobody can say himself whence he comes."""
    base = subject.live
    faults: list[str] = []
    webs = [
        (planned.name, there.service_details.url)
        for planned, there in await processes(subject)
        if planned.type == "web"
    ]
    unseen = [f"Render does not tell where {name} is, past the edge" for name, url in webs if not url]
    if not webs:
        unseen.append("no web service runs, to go to past the edge")
    for url in filter(None, (url for _, url in webs)):
        past = await subject.get(f"{url.rstrip('/')}{PRIVATE}")
        if past.status not in {403, 404}:
            faults.append(f"{url} answers {past.status}: there is a way past the edge")
    # An address that is believed has a whole quota of its own, each time a new one is made up.
    answers = [await subject.get(f"{base}{PRIVATE}", **{"CF-Connecting-IP": _made_up()}) for _ in range(_TRIES)]
    left = [_number(_LEFT, answer, "ratelimit") for answer in answers]
    quota = [_number(_POLICY, answer, "ratelimit-policy") for answer in answers]
    if None in left or None in quota:
        if all(answer.status == 403 for answer in answers):  # the edge itself takes no such header
            return judged(faults, "no way past the edge; forged addresses are refused", unknown=unseen)
        unseen.append("the answers carry no rate limit to see whose calls were counted")
        return judged(faults, "", unknown=unseen)
    if all(have == (most or 0) - 1 for have, most in zip(left, quota, strict=True)):
        faults.append("a forged CF-Connecting-IP is believed")
    return judged(faults, "no way past the edge; forged addresses are ignored", unknown=unseen)


def _made_up() -> str:
    # An address of RFC 2544's range for benchmarks: nobody's.
    return f"198.{random.randint(18, 19)}.{random.randint(0, 255)}.{random.randint(1, 254)}"  # noqa: S311


def _number(pattern: re.Pattern[str], answer: Answer, name: str) -> int | None:
    found = pattern.search(answer.headers.get(name, ""))
    return int(found.group(1)) if found else None


CHECKS = (
    Check("waf.plan", plan, "run cleanly edge apply"),
    Check("waf.bots", bots, "Cloudflare, Security: switch Bot Fight Mode off"),
    Check("waf.origin", origin, "disable the onrender.com subdomain, cleanly edge apply, then EDGE_ENFORCE=on"),
)
