"""Turn a grant into the pair of tokens that the client gets. After the commit: signing needs no transaction."""

import random
from datetime import datetime
from typing import TypedDict

from cleanly.domain.auth.sessions.service import Grant
from cleanly.domain.auth.sessions.settings import SessionSettings
from cleanly.domain.auth.sessions.tokens import AccessSigner, RefreshCodec


class Pair(TypedDict):
    """The fields of `TokensOut` that a grant decides."""

    access_token: str
    refresh_token: str
    expires_in: int


class TokenIssuer:
    """Holds the process's keys. A part of the Context."""

    def __init__(self, settings: SessionSettings) -> None:
        self.refresh = RefreshCodec.of(settings)
        self.access = AccessSigner.of(settings)

    def pair(self, grant: Grant, *, now: datetime) -> Pair:
        """The same grant always gives the same refresh token, so a repeated answer can't fork a session."""
        access, expires_in = self.access.sign(
            user_id=grant.user_id,
            session_id=grant.session_id,
            epoch=grant.epoch,
            now=now,
            jitter=random.random(),  # noqa: S311 - spreads refreshes, hides nothing  # nosec B311
        )
        return Pair(
            access_token=access,
            refresh_token=self.refresh.make(grant.selector, grant.generation, grant.key_id),
            expires_in=expires_in,
        )
