"""No URL that a subscriber may write leads inside: spellings, names, rebinding, redirects.

tests/kernel/test_net_guard.py has the table of addresses itself; here are the ways to write them down.
"""

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from cleanly.kernel import guard, net
from cleanly.kernel.net import Http, NetForbidden, NetRefused
from cleanly.platform.webhooks.outbound.dispatch import names
from tests.conftest import empty
from tests.kernel.loopback import Answers
from tests.platform.webhooks.outbound.receiver import accepts, receiving, redirects
from tests.platform.webhooks.outbound.stage import add_endpoint, attempts, dispatching, publish, until_tries
from tests.world import code, running

# What names inside a cloud or a cluster lead to; an attacker's own name may lead anywhere.
INSIDE = {
    "metadata.google.internal": "169.254.169.254",
    "metadata.goog": "169.254.169.254",
    "metadata": "169.254.169.254",
    "instance-data.ec2.internal": "169.254.169.254",
    "metadata.platformequinix.com": "192.0.0.192",
    "kubernetes.default.svc.cluster.local": "10.96.0.1",
    "database.internal": "fd00::5432",
    "host.docker.internal": "192.168.65.254",
    "printer.local": "169.254.7.7",
    "169.254.169.254.attacker.example": "169.254.169.254",
    "mapped.attacker.example": "::ffff:10.0.0.1",
    "nat64.attacker.example": "64:ff9b::10.0.0.1",
    "sixtofour.attacker.example": "2002:a00:1::1",
    "multicast.attacker.example": "239.1.2.3",
    "xn--bcher-kva.attacker.example": "172.16.5.4",
}


class Names(AbstractResolver):
    """The names above; anything else as the machine reads it, for the C library knows many ways to write an address."""

    def __init__(self) -> None:
        self._machine = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        known = INSIDE.get(host.rstrip(".").lower())
        if known is None:
            return await self._machine.resolve(host, port, family)
        return await Answers(known).resolve(host, port, family)

    async def close(self) -> None:
        await self._machine.close()


THIS_MACHINE = (
    "https://127.0.0.1/", "https://127.0.0.1:8443/", "https://127.1/", "https://127.0.1/", "https://2130706433/",
    "https://0x7f000001/", "https://0x7f.0x0.0x0.0x1/", "https://0X7F.1/", "https://0177.0.0.1/", "https://0177.1/",
    "https://017700000001/", "https://00000177.0.0.01/", "https://0/", "https://0.0.0.0/", "https://127.255.255.254/",
    "https://[::1]/", "https://[::]/", "https://[0:0:0:0:0:0:0:1]/", "https://[0000::0001]/",
    "https://[::ffff:127.0.0.1]/", "https://[::FFFF:7F00:1]/", "https://[::127.0.0.1]/", "https://localhost/",
    "https://LocalHost/", "HTTPS://127.0.0.1/", "HtTpS://[::1]/", "https://127.0.0.1?@shop.example/",
    "https://127.0.0.1#@shop.example/", "https://127.0.0.1/@shop.example",
    # digits and stops of other scripts
    "https://\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}\N{FULLWIDTH DIGIT SEVEN}.0.0.1/",
    "https://127\N{IDEOGRAPHIC FULL STOP}0\N{FULLWIDTH FULL STOP}0\N{HALFWIDTH IDEOGRAPHIC FULL STOP}1/",
    "https://\N{CIRCLED LATIN SMALL LETTER L}ocal\N{FULLWIDTH LATIN SMALL LETTER H}ost/",
)  # fmt: skip
ELSEWHERE = (
    # the metadata service, spelt
    "https://169.254.169.254/latest/meta-data/", "https://2852039166/", "https://0xa9fea9fe/",
    "https://0xa9.0xfe.0xa9.0xfe/", "https://0251.0376.0251.0376/", "https://025177524776/", "https://169.254.43518/",
    "https://169.16689662/", "https://[::ffff:169.254.169.254]/", "https://[::ffff:a9fe:a9fe]/",
    "https://[::a9fe:a9fe]/", "https://[64:ff9b::169.254.169.254]/", "https://[64:ff9b::a9fe:a9fe]/",
    "https://[64:ff9b:1::a9fe:a9fe]/", "https://[2002:a9fe:a9fe::1]/", "https://[2001:0:a9fe:a9fe::1]/",
    "https://[fd00:ec2::254]/", "https://100.100.100.200/", "https://168.63.129.16/", "https://192.0.0.192/",
    # networks
    "https://10.0.0.1/", "https://167772161/", "https://0xa000001/", "https://012.0.0.1/", "https://172.16.0.1/",
    "https://172.31.255.255:8443/", "https://192.168.1.1/", "https://3232235777/", "https://192.168.257/",
    "https://100.64.0.1/", "https://198.18.0.1/", "https://224.0.0.1/", "https://255.255.255.255/",
    "https://[fe80::1]/", "https://[fe80::1%25lo]/", "https://[fe80::1%lo]/", "https://[fec0::1]/",
    "https://[fc00::1]/", "https://[fd12:3456:789a::1]/", "https://[ff02::1]/", "https://[2001:db8::1]/",
    "https://\N{CIRCLED DIGIT ONE}\N{CIRCLED DIGIT SIX}\N{CIRCLED DIGIT NINE}.254.169.254/",
    # names
    *(f"https://{name}/" for name in INSIDE), "https://METADATA.Google.Internal/",
    "https://metadata.google.internal./computeMetadata/v1/",
    "https://metadata\N{IDEOGRAPHIC FULL STOP}google.internal/",
    "https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.attacker.example/",
)  # fmt: skip
ADDRESSES = (*THIS_MACHINE, *ELSEWHERE)
# Refused by what they are, before anybody asks where they lead.
SHAPES = (
    ("http://shop.example/", "scheme"), ("HTTP://shop.example/", "scheme"), ("ftp://shop.example/", "scheme"),
    ("file:///etc/passwd", "scheme"), ("gopher://127.0.0.1:6379/_INFO", "scheme"), ("dict://10.0.0.1/", "scheme"),
    ("ws://shop.example/", "scheme"), ("wss://shop.example/", "scheme"), ("data:text/plain,hello", "scheme"),
    ("javascript:alert(1)", "scheme"), ("unix:///run/docker.sock", "scheme"), ("jar:https://shop.example/", "scheme"),
    ("//127.0.0.1/", "scheme"), ("127.0.0.1", "scheme"), ("", "scheme"), ("https:", "no host"),
    ("https:/127.0.0.1/", "no host"), ("https:///127.0.0.1/", "no host"), ("https:127.0.0.1", "no host"),
    ("https://shop.example:22/", "port"), ("https://shop.example:25/", "port"), ("https://shop.example:80/", "port"),
    ("https://shop.example:5432/", "port"), ("https://shop.example:6379/", "port"), ("https://shop.example:0/", "port"),
    ("https://127.0.0.1:8080/", "port"), ("https://shop.example:65536/", "not a URL"),
    ("https://shop.example:-443/", "not a URL"), ("https://shop.example:443:22/", "not a URL"),
    ("https://me@shop.example/", "credentials"), ("https://me:word@shop.example/", "credentials"),
    ("https://:word@shop.example/", "credentials"), ("https://shop.example@169.254.169.254/", "credentials"),
    ("https://shop.example:443@127.0.0.1/", "credentials"), ("https://shop.example%40x@10.0.0.1/", "credentials"),
    ("https://[::1/", "not a URL"), ("https://[::1]shop.example/", "not a URL"), ("https://[127.0.0.1]/", "not a URL"),
    ("https://127.0.0.1\\@shop.example/", "not a URL"), ("https://shop.example\\.127.0.0.1/", "not a URL"),
)  # fmt: skip


@pytest.fixture
async def http():
    made = Http(guard.TO_ANYONE, resolver=Names())
    yield made
    await made.close()


@pytest.fixture
async def at_home():
    """As a laptop's settings have it: this machine is allowed."""
    made = Http(guard.TO_ANYONE_OR_HOME, resolver=Names())
    yield made
    await made.close()


async def send(http: Http, url: str) -> net.Receipt:
    """As the dispatcher does."""
    return await http.hand_over(url, body=b"{}", headers={}, deadline_seconds=5, head_bytes=16_384)


def test_the_table_is_long_enough_and_says_nothing_twice():
    urls = [*ADDRESSES, *(url for url, _ in SHAPES)]
    assert len(ADDRESSES) >= 40
    assert len(urls) == len(set(urls))


@pytest.mark.parametrize("url", ADDRESSES)
async def test_no_way_to_write_an_inner_address_leads_there(http, url):
    # Numbers without their full four parts are no host to aiohttp: refused before they are read.
    with pytest.raises(NetForbidden, match=r"not public|not a URL"):
        await send(http, url)


@pytest.mark.parametrize("url", ELSEWHERE)
async def test_a_laptop_that_allows_itself_allows_nothing_else_inside(at_home, url):
    with pytest.raises(NetForbidden, match=r"not public|not a URL"):
        await send(at_home, url)


async def test_a_laptop_that_allows_itself_calls_itself(at_home):
    async with receiving() as receiver:
        assert (await send(at_home, receiver.url())).status == 200


@pytest.mark.parametrize(("url", "reason"), SHAPES)
async def test_what_is_no_plain_https_url_is_refused_by_its_shape(http, url, reason):
    with pytest.raises(NetForbidden, match=reason):
        await send(http, url)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1./",
        "https://localhost./",
        "https://127.0.0.1%00.shop.example/",
        "https://127.0.0.1%2eshop.example/",
        "https://127.0.0.1 .shop.example/",
        "https://0x7f.0.0.1.1/",
        "https://256.256.256.256/",
        "https://127.0.0.1\N{ZERO WIDTH SPACE}/",
        "https://\N{RIGHT-TO-LEFT OVERRIDE}1.0.0.721/",
    ],
)
async def test_what_resolvers_disagree_about_is_refused_by_one_reason_or_another(http, url):
    with pytest.raises((NetForbidden, NetRefused)):
        await send(http, url)


async def test_one_inner_address_among_many_is_not_reached():
    """A name with several addresses: each is judged by itself, when its socket is made."""
    async with receiving() as receiver:
        http = Http(_guard(), resolver=Answers("10.0.0.1", "127.0.0.1", "::1"))
        with pytest.raises(NetForbidden):
            await send(http, f"http://many.example:{receiver.port}/")
        await http.close()
        assert receiver.connections == 0


async def test_a_name_that_changes_its_mind_between_the_check_and_the_call_gains_nothing(monkeypatch):
    """Here 127.0.0.1 plays a stranger's public server and all else of this machine the inside."""
    monkeypatch.setattr(guard, "is_public", lambda address: str(address) == "127.0.0.1")
    async with receiving() as receiver:
        resolver = Turning("127.0.0.1", "127.0.0.2")
        url = f"http://rebind.example:{receiver.port}/hook"
        for expected in (200, None):
            http = Http(_guard(), resolver=resolver)  # none of them remembers the name
            if expected:
                assert (await send(http, url)).status == expected
            else:
                with pytest.raises(NetForbidden, match="not public"):
                    await send(http, url)
            await http.close()
        assert len(receiver.receipts) == 1
        assert resolver.asked == 2, "asked once a call: there is no second look-up to deceive"


async def test_a_redirect_inside_is_an_answer_and_not_an_order(monkeypatch):
    monkeypatch.setattr(guard, "is_public", lambda address: str(address) == "127.0.0.1")
    async with receiving() as receiver:
        http = Http(_guard())
        for status in (301, 302, 303, 307, 308):
            receiver.behave("/shop", redirects(receiver.url("/inside"), status))
            assert (await send(http, receiver.url("/shop"))).status == status
        await http.close()
        assert {receipt.path for receipt in receiver.receipts} == {"/shop"}


@pytest.mark.parametrize("trick", ["\r\nX-Injected: 1", "%0d%0aX-Injected:%201", "\n\nGET /inside HTTP/1.1"])
async def test_a_url_writes_no_header_of_its_own(trick):
    async with receiving() as receiver:
        receiver.behave("/", accepts())
        http = Http.to_known()
        try:
            await send(http, f"{receiver.url('/shop')}?a={trick}")
        except NetForbidden:
            assert receiver.receipts == []
        else:
            assert len(receiver.receipts) == 1
            assert "x-injected" not in receiver.receipts[0].headers
        await http.close()


def _guard() -> guard.Guard:
    """The guard for strangers over plain http and any port, so that a server can stand behind it."""
    return guard.Guard(frozenset({"http", "https"}), None, public_only=True, credentials=False)


class Turning(Answers):
    """Another address each time it is asked."""

    def __init__(self, *addresses: str) -> None:
        super().__init__()
        self._turns = list(addresses)
        self.asked = 0

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        self.asked += 1
        return await Answers(self._turns.pop(0)).resolve(host, port, family)


@pytest.mark.parametrize("address", ["169.254.169.254", "10.0.0.1", "127.0.0.1", "::1", "64:ff9b::a00:1", "fe80::1"])
async def test_a_subscribers_name_that_leads_inside_is_a_failed_try_that_says_so(
    database_url, clock, monkeypatch, address
):
    """Through the service as it runs in production: the name is a good one when the endpoint is made."""
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr(names, "_look_up", lambda *_: [(kind, socket.IPPROTO_TCP, address)])
    async with running(database_url, clock, outbound_poll_seconds_max=0.05) as service:
        shop = await service.register()
        endpoint = await add_endpoint(shop, "https://inside.attacker.example/latest/meta-data/")
        told = (await shop.call("POST", f"/webhook-endpoints/{endpoint['id']}/test")).json()
        assert (told["outcome"], told["status"], told["body"], told["address"]) == ("forbidden", None, None, None)
        assert told["error"] == "inside.attacker.example leads to an address that is not public"
        await publish(service, shop.user_id)
        async with dispatching(service):
            await until_tries(service, 1)
        assert [tuple(row)[:2] for row in await attempts(service)] == [("forbidden", None)]
    empty(database_url)


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "https://[::ffff:a9fe:a9fe]/", "https://127.0.0.1:8443/"])
async def test_an_endpoint_at_an_inner_address_is_not_even_taken(database_url, clock, url):
    async with running(database_url, clock) as service:
        shop = await service.register()
        reply = await shop.call("POST", "/webhook-endpoints", {"url": url, "eventTypes": ["payment.*"]})
        assert (reply.status_code, code(reply)) == (422, "VALIDATION_ERROR")
    empty(database_url)
