"""The name: a proxied CNAME to Render, and who may issue certificates for it."""

from cleanly.entry.doctor.api import Read
from cleanly.entry.doctor.check import Check
from cleanly.entry.doctor.subject import Subject
from cleanly.entry.doctor.verdicts import CannotTell, Verdict, failed, judged

ISSUERS = ("letsencrypt.org", "pki.goog")  # Render's and Cloudflare's
_RENDER = ".onrender.com"
_NO_SUCH_NAME = 3


class _Row(Read):
    type: int
    data: str


class _Reply(Read):
    Status: int
    Answer: tuple[_Row, ...] = ()


async def _ask(subject: Subject, name: str, kind: str, number: int) -> list[str] | None:
    """What a name has of a type; None if there is no such name."""
    reply = await subject.names.get("", _Reply, name=name, type=kind)
    if reply.Status == _NO_SUCH_NAME:
        return None
    if reply.Status != 0:
        raise CannotTell(f"the name server answers {reply.Status} for {name}")
    return [row.data for row in reply.Answer if row.type == number]


async def record(subject: Subject) -> Verdict:
    """The zone's record; from outside a proxied one shows Cloudflare's addresses and tells nothing of the origin."""
    host, _ = subject.host
    if subject.settings.cloudflare_api_token is None and await _ask(subject, host, "A", 1) in (None, []):
        return failed(f"{host} has no address")
    held = await subject.cloudflare.records(host)
    names = [one for one in held if one.type == "CNAME"]
    faults = [f"{host} has an {one.type} record" for one in held if one.type in {"A", "AAAA"}]
    if not names:
        faults.append(f"{host} has no CNAME")
    for one in names:
        if not one.content.rstrip(".").endswith(_RENDER):
            faults.append(f"{host} leads to {one.content}, not to Render")
        if not one.proxied:
            faults.append(f"{host} is not proxied")
    return judged(faults, f"{host} leads to Render, proxied")


async def caa(subject: Subject) -> Verdict:
    """The nearest CAA records on the way up let both issuers through (RFC 8659)."""
    host, _ = subject.host
    labels = host.split(".")
    for at in range(len(labels) - 1):
        name = ".".join(labels[at:])
        found = await _ask(subject, name, "CAA", 257)
        if found:
            allowed = {issuer for text in found if (issuer := _issuer(text)) is not None}
            missing = [issuer for issuer in ISSUERS if issuer not in allowed]
            faults = [f"{name} does not let {issuer} issue" for issuer in missing]
            return judged(faults, f"{name} lets {' and '.join(ISSUERS)} issue")
    return failed(f"{host} has no CAA record: anybody may issue for it")


def _issuer(text: str) -> str | None:
    """The issuer of a record `issue`, as text or as bytes in RFC 3597's form; None for another tag."""
    if text.startswith("\\#"):
        try:
            data = bytes.fromhex("".join(text.split()[2:]))
            tag, value = data[2 : 2 + data[1]].decode(), data[2 + data[1] :].decode()
        except (ValueError, IndexError) as error:
            raise CannotTell("a CAA record is not understood") from error
    else:
        words = text.split(maxsplit=2)
        if len(words) != 3:
            raise CannotTell("a CAA record is not understood")
        tag, value = words[1], words[2].strip('"')
    return value.partition(";")[0].strip() if tag == "issue" else None


CHECKS = (
    Check("dns.record", record, "run cleanly edge apply"),
    Check("dns.caa", caa, "run cleanly edge apply: CAA for letsencrypt.org and pki.goog"),
)
