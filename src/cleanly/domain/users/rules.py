"""What an e-mail, a name and a picture's address may be. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit

EMAIL_LENGTH_MAX = 254  # RFC 5321's path limit, less the brackets
LOCAL_PART_LENGTH_MAX = 64
NAME_LENGTH_MAX = 100
URL_LENGTH_MAX = 2048
_NO_LOCAL_PART = frozenset('"(),:;<>[]\\@')
_LABEL = r"(?!-)[a-z0-9\-\x80-\U0010FFFF]{1,63}(?<!-)"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


def normal_email(text: str) -> str:
    """The one form of an e-mail: NFC, lower-case, no blanks around.

    Raises:
        ValueError: no address that mail could go to.
    """
    email = unicodedata.normalize("NFC", text.strip()).lower()
    local, at, domain = email.rpartition("@")
    if not at or not local or not domain:
        raise ValueError("it needs a name, an @ and a domain")
    if len(email) > EMAIL_LENGTH_MAX or len(local.encode()) > LOCAL_PART_LENGTH_MAX:
        raise ValueError("it is too long")
    if " " in email or not email.isprintable():  # no other blank is printable
        raise ValueError("it holds a blank or a control character")
    if not _NO_LOCAL_PART.isdisjoint(local) or local.startswith(".") or local.endswith("."):
        raise ValueError("its name has characters that are not allowed")
    if ".." in email:
        raise ValueError("it has two dots in a row")
    if _DOMAIN.fullmatch(domain) is None or domain.rpartition(".")[2].isdigit():
        raise ValueError("its domain is not valid")
    return email


def normal_name(text: str) -> str:
    """A display name: NFC, blanks trimmed and folded.

    Raises:
        ValueError: empty, too long, or with control characters.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise ValueError("it is empty")
    if len(name) > NAME_LENGTH_MAX:
        raise ValueError(f"it is longer than {NAME_LENGTH_MAX} characters")
    # Format characters (category Cf) stay: joined emoji need them. Controls and half surrogates go.
    if any(unicodedata.category(character) in {"Cc", "Cs", "Co"} for character in name):
        raise ValueError("it holds a control character")
    return name


@dataclass(frozen=True, slots=True)
class OutsideProfile:
    """What another service says of a person, in our forms."""

    email: str
    name: str
    avatar_url: str | None


def profile_from_outside(email: str, name: str | None, picture: str | None) -> OutsideProfile:
    """A bad name or picture is dropped, since nobody is there to mend it; the e-mail must be good.

    Raises:
        ValueError: the e-mail is none.
    """
    address = normal_email(email)
    try:
        shown = normal_name((name or "")[:NAME_LENGTH_MAX])
    except ValueError:
        shown = address.partition("@")[0][:NAME_LENGTH_MAX]
    try:
        url = normal_avatar_url(picture) if picture else None
    except ValueError:
        url = None
    return OutsideProfile(address, shown, url)


def normal_avatar_url(text: str) -> str:
    """An https address of a picture.

    Raises:
        ValueError: not https, with credentials, or too long.
    """
    url = text.strip()
    if len(url) > URL_LENGTH_MAX:
        raise ValueError(f"it is longer than {URL_LENGTH_MAX} characters")
    if any(character.isspace() or not character.isprintable() for character in url):
        raise ValueError("it holds a blank or a control character")
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("it must be an https address")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it must not hold credentials")
    return url
