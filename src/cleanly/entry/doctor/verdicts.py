"""What a check says: pass, fail, or that it cannot tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Status = Literal["pass", "fail", "cannot tell"]
_SHOWN_MAX = 5
# Where each vendor shows it.
_FROM = {
    "DATABASE_URL": "Neon, Connect, connection pooling on",
    "DIRECT_DATABASE_URL": "Neon, Connect, connection pooling off",
    "NEON_API_KEY": "Neon, account settings, API keys",
    "NEON_PROJECT_ID": "Neon, project settings",
    "RENDER_API_KEY": "Render, account settings, API keys",
    "CLOUDFLARE_API_TOKEN": "Cloudflare, profile, API tokens: read, this zone alone",
    "CLOUDFLARE_ZONE_ID": "Cloudflare, the domain's overview",
    "GITHUB_TOKEN": "GitHub, fine-grained token: read, this repository alone",
    "GITHUB_REPOSITORY": "as owner/name",
    "PROMETHEUS_URL": "the metrics' back end, its address for queries",
    "BACKUP_BUCKET": "with the other BACKUP_ variables: docs/deploy.md, step 3",
}


class CannotTell(Exception):
    """No key, no network, an answer that is not understood; never a pass. `fix`: what would let the check tell."""

    def __init__(self, reason: str, *, fix: str = "") -> None:
        super().__init__(reason)
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check's answer, and in a line what it saw."""

    status: Status
    observed: str


def passed(observed: str) -> Verdict:
    """As it should be."""
    return Verdict("pass", observed)


def failed(observed: str) -> Verdict:
    """Not as it should be."""
    return Verdict("fail", observed)


def judged(faults: Sequence[str], good: str, *, unknown: Sequence[str] = ()) -> Verdict:
    """Fail if there are faults; else what could not be seen decides.

    Raises:
        CannotTell: no fault was seen, and something could not be seen.
    """
    if faults:
        return failed(listed(faults))
    if unknown:
        raise CannotTell(listed(unknown))
    return passed(good)


def listed(words: Sequence[str]) -> str:
    """The first few, and how many more."""
    more = f"; and {len(words) - _SHOWN_MAX} more" if len(words) > _SHOWN_MAX else ""
    return "; ".join(words[:_SHOWN_MAX]) + more


def needs(*variables: str) -> CannotTell:
    """What to raise where a variable is missing."""
    names = ", ".join(variables)
    found = "; ".join(dict.fromkeys(_FROM[name] for name in variables if name in _FROM))
    return CannotTell(f"needs {names}", fix=f"set {names} in this shell ({found})" if found else f"set {names}")
