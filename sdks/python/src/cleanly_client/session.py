"""The session: one refresh at a time, stored before it is used, ended only by the codes that end one. Does no I/O."""

import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from cleanly_client import wire
from cleanly_client.calls import Answer, Call, Given, Request
from cleanly_client.errors import BadAnswer, CleanlyError, DeadlineExceeded, NoAnswer, NotSignedIn, Refused
from cleanly_client.exchange import Exchange, Pace, can_wait
from cleanly_client.hooks import Renewed, SessionEnded, tell
from cleanly_client.steps import Acquire, Clear, Load, Release, Save, Steps
from cleanly_client.stores import Pair
from cleanly_client.wire import Unreadable

T = TypeVar("T")
# docs/clients.md, "Rules for an app".
ENDING = frozenset(
    {"REFRESH_TOKEN_INVALID", "REFRESH_TOKEN_REUSED", "SESSION_REVOKED", "SESSION_EXPIRED", "TOKEN_INVALID"}
)
STALE = frozenset({"TOKEN_EXPIRED", "TOKEN_SUPERSEDED"})
REFRESH: Call[Any] = Call(
    "refresh", "POST", "/api/v1/auth/refresh", wire.anything, needs_token=False, role="renew"
)  # fmt: skip
_RENEW_FROM, _RENEW_TO = 0.7, 0.9  # of the token's life, at a chosen moment, so that a fleet does not come at once
_RENEW_AGAIN_SECONDS = 10.0
# A renewal ahead of time may take so much of its call's time: the token that is there is still good for the call.
_AHEAD_SECONDS, _AHEAD_SHARE = 10.0, 1 / 3
_REMEMBERED_MAX = 64


class _Overtaken(Exception):
    """Between two tries another process has put another pair into the store, or emptied it."""


@dataclass
class Session:
    """What all clients of one store share. `pair` is what the store held when it was last looked at."""

    pace: Pace
    headers: Mapping[str, str]
    device_name: str | None
    exchange: Exchange
    pair: Pair | None = None
    _flights: int = 0
    _failure: CleanlyError | None = None
    _renew_not_before: float = 0.0
    _remembered: OrderedDict[str, tuple[str, Any]] = field(default_factory=OrderedDict[str, tuple[str, Any]])

    def call(self, call: Call[T], given: Given, *, ends_at: float) -> Steps[T]:
        """The whole of a call.

        Raises:
            CleanlyError: see errors.py.
        """
        if call.role == "erase" and given.path.get("id") != "me":
            call = replace(call, role="none")  # an administrator erases somebody else
        if call.role == "logout":
            return (yield from self._log_out(call, given, ends_at))
        request = self._request(call, given)
        known = self._remembered.get(request.target) if call.tells_etag else None
        if known is not None:
            request = _with(request, "If-None-Match", known[0])
        if not call.needs_token:
            answer = yield from self.exchange.run(call, request, ends_at=ends_at)
        else:
            answer = yield from self._signed(call, request, ends_at)
        value = cast("T", known[1]) if known and answer.status == 304 else self._read(call, request, answer)
        if call.role == "begin" and value is not None:
            yield from self._begin(answer, ends_at)
        elif call.role == "erase":
            yield from self._end(self.pair, None, ends_at)
        return value

    def renew(self, *, ends_at: float) -> Steps[None]:
        """A new pair, now.

        Raises:
            NotSignedIn: there is nothing to renew.
        """
        yield from self._renewed((yield from self._loaded()), ends_at)

    def _request(self, call: Call[Any], given: Given) -> Request:
        target = given.target(call.path)
        headers = {**self.headers, "X-Request-ID": uuid.uuid4().hex}
        if call.is_text:
            headers["Accept"] = "text/csv"
        body = None
        if given.body is not None:
            body, headers["Content-Type"] = wire.to_json(given.body), "application/json"
        if call.is_keyed:
            headers["Idempotency-Key"] = given.key or str(uuid.uuid4())
        if given.if_match is not None:
            headers["If-Match"] = given.if_match
        if call.role == "begin" and self.device_name:
            headers["X-Device-Name"] = self.device_name
        return Request(call.verb, target, headers, body)

    def _read(self, call: Call[T], request: Request, answer: Answer) -> T:
        if answer.status == 204 or (call.role == "begin" and answer.status == 202):
            return cast("T", None)
        if call.is_text:
            return call.read(answer.body.decode())
        try:
            value = call.read(answer.json())
        except Unreadable as error:
            key = request.headers.get("Idempotency-Key")
            raise BadAnswer(f"{call.operation}: {error}", attempts=1, idempotency_key=key) from error
        if (tag := answer.headers.get("etag")) is None:
            return value
        if is_dataclass(value) and any(one.name == "etag" for one in fields(value)):
            value = cast("T", replace(cast("Any", value), etag=tag))
        if call.tells_etag:
            self._remembered[request.target] = (tag, value)
            while len(self._remembered) > _REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return value

    def _signed(self, call: Call[Any], request: Request, ends_at: float) -> Steps[Answer]:
        """With the access token; renewed and repeated once if the service finds it stale."""
        pair = yield from self._fresh(ends_at)
        try:
            return (
                yield from self.exchange.run(
                    call, _with(request, "Authorization", f"Bearer {pair.access_token}"), ends_at=ends_at
                )
            )
        except Refused as refusal:
            if refusal.code in STALE:
                pair = yield from self._renewed(pair, ends_at)
            elif refusal.code in ENDING and not (yield from self._end(pair, refusal.code, ends_at)):
                # Somebody signed in anew meanwhile: it was the old session's end.
                pair = yield from self._loaded()
            else:
                raise
        try:
            return (
                yield from self.exchange.run(
                    call, _with(request, "Authorization", f"Bearer {pair.access_token}"), ends_at=ends_at
                )
            )
        except Refused as refusal:
            if refusal.code in ENDING:
                yield from self._end(pair, refusal.code, ends_at)
            raise

    def _loaded(self) -> Steps[Pair]:
        if self.pair is None:
            self.pair = cast("Pair | None", (yield Load()))
        if self.pair is None:
            raise NotSignedIn("there is no session")
        return self.pair

    def _fresh(self, ends_at: float) -> Steps[Pair]:
        """A pair to call with: renewed when it is over, and, if nobody else is at it, a while before."""
        pair, now = (yield from self._loaded()), self.pace.now()
        if not pair.is_due(now):
            return pair
        if pair.is_over(now):
            return (yield from self._renewed(pair, ends_at))
        if self.pace.monotonic() < self._renew_not_before or not (yield Acquire(0)):
            return pair
        try:
            now = self.pace.monotonic()
            soon = now + min(_AHEAD_SECONDS, (ends_at - now) * _AHEAD_SHARE)
            return (yield from self._fly(pair, soon, tries_max=1))
        except (Refused, NoAnswer) as error:
            if not can_wait(error):
                raise
            self._renew_not_before = self.pace.monotonic() + _RENEW_AGAIN_SECONDS
            return pair
        finally:
            yield Release()

    def _renewed(self, stale: Pair, ends_at: float) -> Steps[Pair]:
        flight = self._flights
        yield from self._acquire(ends_at)
        try:
            if self._flights != flight and self._failure is not None:
                # Whoever held the lock tried just now: twenty waiting calls must not make twenty storms.
                raise self._failure.with_traceback(None)
            return (yield from self._fly(stale, ends_at, tries_max=4))
        finally:
            yield Release()

    def _fly(self, stale: Pair, ends_at: float, *, tries_max: int) -> Steps[Pair]:
        """Renew, under the lock, unless it was done already."""
        stored = cast("Pair | None", (yield Load()))
        self.pair = stored
        if stored is None:
            raise NotSignedIn("the session is over")
        if stored.access_token != stale.access_token:
            return stored
        request = self._request(REFRESH, Given({}, {}, {"refreshToken": stored.refresh_token}))
        self._failure = None
        try:
            answer = yield from self.exchange.run(
                REFRESH, request, ends_at=ends_at, tries_max=tries_max, look=lambda: self._look(stored)
            )
            fresh = self._pair_of(answer)
        except _Overtaken:
            return (yield from self._loaded())
        except (Refused, NoAnswer) as error:
            if isinstance(error, Refused) and error.code in ENDING and not (yield from self._over(stored, error.code)):
                return (yield from self._loaded())
            # What a hurried try, or a caller without time, did not get says nothing to those who wait in earnest.
            is_told = tries_max > 1 and not isinstance(error, DeadlineExceeded)
            self._failure = error if is_told else None
            raise
        finally:
            self._flights += 1
        yield Save(fresh)
        self.pair = fresh
        tell(self.exchange.hooks, Renewed())
        return fresh

    def _look(self, tried: Pair) -> Steps[None]:
        """Before another try: a token that another process has traded, and used since, would end the session."""
        self.pair = cast("Pair | None", (yield Load()))
        if self.pair is None or self.pair.refresh_token != tried.refresh_token:
            raise _Overtaken

    def _begin(self, answer: Answer, ends_at: float) -> Steps[None]:
        pair = self._pair_of(answer)
        yield from self._acquire(ends_at)
        try:
            yield Save(pair)
            self.pair = pair
            self._remembered.clear()
        finally:
            yield Release()

    def _log_out(self, call: Call[T], given: Given, ends_at: float) -> Steps[T]:
        """Told to the service if that is possible; forgotten here in any case."""
        yield from self._acquire(ends_at)
        try:
            pair = cast("Pair | None", (yield Load()))
            is_here = (given.body or {}).get("scope") != "others"
            if pair is None:
                return cast("T", None)
            body = {**(given.body or {}), "refreshToken": pair.refresh_token}
            request = self._request(call, replace(given, body=body))
            try:
                yield from self.exchange.run(call, request, ends_at=ends_at)
            finally:
                if is_here:
                    yield from self._forget(None)
            return cast("T", None)
        finally:
            yield Release()

    def _end(self, used: Pair | None, code: str | None, ends_at: float) -> Steps[bool]:
        """Forget the session, if it is still the one that was used."""
        yield from self._acquire(ends_at)
        try:
            return (yield from self._over(used, code))
        finally:
            yield Release()

    def _over(self, used: Pair | None, code: str | None) -> Steps[bool]:
        """The same, under the lock."""
        stored = cast("Pair | None", (yield Load()))
        if stored is not None and used is not None and stored.refresh_token != used.refresh_token:
            self.pair = stored
            return False
        yield from self._forget(code)
        return True

    def _forget(self, code: str | None) -> Steps[None]:
        yield Clear()
        self.pair = None
        self._remembered.clear()
        tell(self.exchange.hooks, SessionEnded(code))

    def _acquire(self, ends_at: float) -> Steps[None]:
        if not (yield Acquire(max(0.0, ends_at - self.pace.monotonic()))):
            raise DeadlineExceeded("another call is renewing the session", attempts=0)

    def _pair_of(self, answer: Answer) -> Pair:
        try:
            body, now = answer.json(), self.pace.now()
            lives = float(body["expiresIn"])
            share = _RENEW_FROM + (_RENEW_TO - _RENEW_FROM) * self.pace.chance()
            return Pair(str(body["accessToken"]), str(body["refreshToken"]), now, now + lives, now + lives * share)
        except (KeyError, TypeError, ValueError) as error:
            raise BadAnswer("an answer without its tokens", attempts=1) from error


def _with(request: Request, name: str, value: str) -> Request:
    return Request(request.verb, request.target, {**request.headers, name: value}, request.body)
