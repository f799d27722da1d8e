"""Turn a grant into the pair of tokens that the client gets. After the commit: signing needs no transaction."""

import random
from datetime import datetime

from cleanly.domain.auth.schemas import TokensOut
from cleanly.domain.auth.sessions.service import Grant
from cleanly.domain.auth.sessions.settings import SessionSettings
from cleanly.domain.auth.sessions.tokens import AccessSigner, RefreshCodec

_CHANCE = random.SystemRandom()


class TokenIssuer:
    """Holds the process's keys. A part of the Context."""

    def __init__(self, settings: SessionSettings) -> None:
        self.refresh = RefreshCodec.of(settings)
        self.access = AccessSigner.of(settings)

    def pair(self, grant: Grant, *, now: datetime) -> TokensOut:
        """The same grant always gives the same refresh token, so a repeated answer can't fork a session."""
        access, expires_in = self.access.sign(
            user_id=grant.user_id,
            session_id=grant.session_id,
            epoch=grant.epoch,
            now=now,
            jitter=_CHANCE.random(),
        )
        return TokensOut(
            access_token=access,
            refresh_token=self.refresh.make(grant.selector, grant.generation, grant.key_id),
            expires_in=expires_in,
        )
