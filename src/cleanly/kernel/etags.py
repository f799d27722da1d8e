"""Entity tags: whether a client has these bytes already, or has read what it is about to change."""

from cleanly.kernel.crypto import b64url, sha256


def etag_of(body: bytes) -> str:
    """A strong entity tag (RFC 9110 section 8.8.3): the same bytes, the same tag."""
    return f'"{b64url(sha256(body)[:15])}"'


def etag_matches(header: str | None, etag: str) -> bool:
    """Whether an If-None-Match or If-Match header names this tag; weak tags compare by their opaque part."""
    if header is None:
        return False
    if header.strip() == "*":
        return True
    return any(tag.strip().removeprefix("W/") == etag for tag in header.split(","))
