"""Entity tags: whether a client has these bytes already, or has read what it is about to change."""

from functools import lru_cache

from cleanly.kernel.crypto import b64url, sha256


def etag_of(body: bytes) -> str:
    """A strong entity tag (RFC 9110 section 8.8.3): the same bytes, the same tag."""
    return f'"{b64url(sha256(body)[:15])}"'


# For what is served from memory again and again: the same bytes object is found without being hashed anew.
kept_etag_of = lru_cache(maxsize=2048)(etag_of)


def etag_matches(header: str | None, etag: str) -> bool:
    """Whether an If-None-Match or If-Match header names this tag; weak tags compare by their opaque part."""
    if header is None:
        return False
    if header == etag:  # what nearly everybody sends
        return True
    if header.strip() == "*":
        return True
    return any(tag.strip().removeprefix("W/") == etag for tag in header.split(","))
