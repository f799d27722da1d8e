"""Which addresses strangers may send us to: a table of them, and the spellings by which one gets there."""

import ipaddress
import socket
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.kernel.net import TO_ANYONE, Http, NetForbidden, NetRefused, is_public
from tests.kernel.loopback import Answers, hello, serving

# The guard for strangers, but over plain http and on any port, so that a test can stand a server behind it.
GUARDED = replace(TO_ANYONE, schemes=frozenset({"http", "https"}), ports=None)
GUARDED_OFF = replace(GUARDED, public_only=False)

PUBLIC = (
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0",
    "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "203.0.112.255", "223.255.255.255",
    "2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "2001:4860:4860::8888", "2400:cb00::1", "::ffff:8.8.8.8",
)  # fmt: skip
CLOSED = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",
    "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.169.254", "169.254.170.2", "169.254.0.1", "172.16.0.1",
    "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
    "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:db8::1", "2002:7f00:1::1", "2002:808:808::1",
    "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "febf::1", "fec0::1",
    "ff02::1", "ff0e::1",
)  # fmt: skip


@pytest.mark.parametrize("text", PUBLIC)
def test_the_open_internet_is_public(text):
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", CLOSED)
def test_what_lies_inside_is_not_public(text):
    assert not is_public(ipaddress.ip_address(text))


@given(st.ip_addresses())
def test_python_never_knows_an_inner_address_that_we_let_through(address):
    if is_public(address):
        inner = getattr(address, "ipv4_mapped", None) or address
        assert inner.is_global
        assert not inner.is_multicast


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0",
        "0.0.0.0", "localhost", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
        "\N{FULLWIDTH DIGIT ONE}27.0.0.1", "127\N{IDEOGRAPHIC FULL STOP}0.0.1",
        "\N{CIRCLED LATIN SMALL LETTER L}ocalhost",
    ],
)  # fmt: skip
async def test_no_spelling_of_this_machine_gets_through(host):
    async with serving(hello) as server:
        with pytest.raises(NetForbidden):
            await server.ask(Http(GUARDED), host=host)
        assert server.connections == 0


async def test_a_trailing_dot_changes_nothing():
    async with serving(hello) as server:
        # Some resolvers don't know the name with its dot: that is no way in either.
        with pytest.raises((NetForbidden, NetRefused)):
            await server.ask(Http(GUARDED), host="localhost.")
        assert server.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1"])
async def test_the_same_spellings_do_lead_here_without_the_guard(host):
    try:
        leads_to = {info[4][0] for info in socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)}
    except socket.gaierror:
        pytest.skip("this C library does not read that spelling")
    assert leads_to == {"127.0.0.1"}


async def test_a_name_that_leads_inside_is_refused_by_where_it_leads():
    async with serving(hello) as server:
        resolver = Answers("127.0.0.1", "::1")
        with pytest.raises(NetForbidden, match=r"shop\.example leads to"):
            await server.ask(Http(GUARDED, resolver=resolver), host="shop.example")
        assert server.connections == 0
        assert resolver.asked == ["shop.example"]


async def test_a_name_that_changes_its_answer_is_refused_when_it_does():
    async with serving(hello) as server:
        resolver = Answers("127.0.0.1")
        http = Http(GUARDED_OFF, resolver=resolver)
        url = f"http://rebind.example:{server.port}/"
        assert (await http.get(url)).status == 200  # an answer that the guard likes, then one that it does not
        await http.close()
        http = Http(GUARDED, resolver=resolver)
        for inside in ("10.0.0.1", "169.254.169.254", "127.0.0.1", "::1", "64:ff9b::7f00:1"):
            resolver.addresses = (inside,)
            with pytest.raises(NetForbidden):
                await http.get(f"http://{len(resolver.asked)}.rebind.example:{server.port}/")
        await http.close()
        assert server.connections == 1


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://shop.example/", "scheme"),
        ("ftp://shop.example/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("//shop.example/", "scheme"),
        ("shop.example", "scheme"),
        ("", "scheme"),
        ("https:///path", "no host"),
        ("https://shop.example:22/", "port"),
        ("https://shop.example:80/", "port"),
        ("https://shop.example:0/", "port"),
        ("https://shop.example:99999/", "not a URL"),
        ("https://[::1/", "not a URL"),
        ("https://shop.example\\@10.0.0.1/", "not a URL"),
        ("https://user@shop.example/", "credentials"),
        ("https://user:word@shop.example/", "credentials"),
        ("https://:word@shop.example/", "credentials"),
        ("https://shop.example@10.0.0.1/", "credentials"),
        ("https://10.0.0.1/", "not public"),
        ("https://[fd00:ec2::254]:8443/", "not public"),
    ],
)
async def test_strangers_may_name_https_on_two_ports_and_nothing_else(url, reason):
    http = Http.to_anyone()
    with pytest.raises(NetForbidden, match=reason):
        await http.get(url)
    await http.close()


def test_both_ports_for_strangers_are_let_out():
    assert str(TO_ANYONE.admit("https://shop.example/hook")) == "https://shop.example/hook"
    assert TO_ANYONE.admit("https://shop.example:8443/hook").port == 8443


async def test_a_refusal_never_repeats_the_secret_of_a_url():
    http = Http.to_known()
    urls = ("https://shop.example:x/?k=s3cret", "http://127.0.0.1:9/?k=s3cret", "https://[::1/?k=s3cret")
    for url in urls:
        with pytest.raises((NetForbidden, NetRefused)) as caught:
            await http.get(url)
        assert "s3cret" not in f"{caught.value} {caught.value.__cause__}"
    await http.close()
