"""What a bad network does, as rules: which request, which fault, how often. Pure but for the dice."""

import fnmatch
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self, cast, get_args

Name = Literal[
    "pass",  # nothing happens: to skip a request
    "lose_request",  # closed before the service sees it
    "lose_reply",  # the service has done it; its answer is lost
    "torn",  # the answer breaks off in the middle of its body
    "stall",  # the answer stops in the middle of its body, and the connection stays open
    "slow",  # the answer's body comes in drops, over `seconds`
    "delay",  # the request waits `seconds` before the service sees it
    "reset",  # a TCP reset instead of an answer; the service never saw the request
    "reset_reply",  # a TCP reset instead of the answer; the service has done it
    "duplicate",  # the service gets the request twice at once; its first answer is passed on
    "refuse",  # an answer of the edge's own: `status`, `code`, `retryAfter`
    "garble",  # 200 with a body that is not ours: a hotel's login page
]
NAMES: frozenset[str] = frozenset(get_args(Name))
# What may strike any request at random without making anybody wait.
RANDOM: tuple[Name, ...] = ("lose_request", "lose_reply", "torn", "reset", "reset_reply")


class BadScript(ValueError):
    """A rule that nobody can follow."""


@dataclass(kw_only=True)
class Rule:
    """A fault for the next `times` requests that match, after `skip` that pass. The first rule that matches decides."""

    fault: Name
    method: str = "*"
    path: str = "*"  # without /api/v1 and query; `*` stands for anything
    skip: int = 0
    times: int = 1
    seconds: float = 0.2
    status: int = 503
    code: str = "SERVICE_UNAVAILABLE"
    retry_after: int | None = None

    @classmethod
    def of(cls, wire: Mapping[str, Any]) -> Self:
        """A rule as scenarios write it.

        Raises:
            BadScript: an unknown fault or field.
        """
        given = {"retry_after" if name == "retryAfter" else name: value for name, value in wire.items()}
        if unknown := set(given) - {one.name for one in fields(cls)}:
            raise BadScript(f"a fault has no {', '.join(sorted(unknown))}")
        if given.get("fault") not in NAMES:
            raise BadScript(f"there is no fault {given.get('fault')!r}; there are {', '.join(sorted(NAMES))}")
        return cls(**given)

    def takes(self, method: str, path: str) -> bool:
        """Whether this request is hit; counts it."""
        if self.times <= 0 or self.method not in {"*", method} or not fnmatch.fnmatchcase(path, self.path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass
class Script:
    """Rules first; what no rule takes is lost by chance, in the proportion `share`."""

    rules: list[Rule] = field(default_factory=list[Rule])
    share: float = 0.0
    dice: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - the same network every time

    @classmethod
    def of(cls, wire: Mapping[str, Any]) -> Self:
        """`{"rules": [...], "loss": {"share": 0.5, "seed": 7}}`.

        Raises:
            BadScript: see `Rule.of`.
        """
        loss = cast("Mapping[str, Any]", wire.get("loss") or {})
        rules = cast("list[Mapping[str, Any]]", wire.get("rules") or [])
        dice = random.Random(int(loss.get("seed", 0)))  # noqa: S311
        return cls([Rule.of(rule) for rule in rules], float(loss.get("share", 0)), dice)

    def next(self, method: str, path: str) -> Rule:
        """What happens to this request."""
        for rule in self.rules:
            if rule.takes(method, path):
                return rule
        if self.share and self.dice.random() < self.share:
            return Rule(fault=self.dice.choice(RANDOM))
        return Rule(fault="pass")
