"""Which hop is believed: the spoof table, and what holds for every header anybody can send."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.kernel.address import AddressRules, bucket, network, parse

PROXY, STRANGER, CLIENT, LIE = "10.0.0.7", "203.0.113.9", "198.51.100.4", "6.6.6.6"
NEW, OLD = "new-secret-of-the-edge", "old-secret-of-the-edge"
PROXIES = ("10.0.0.0/8", "fd00::/8")
RULES = AddressRules(PROXIES, (NEW, OLD))
SECRETS = {"new": NEW.encode(), "old": OLD.encode(), "wrong": b"wrong", "empty": b"", "missing": None}


def _headers(secret: str, **sent: str) -> dict[bytes, bytes]:
    found = {name.replace("_", "-").encode(): value.encode("latin-1") for name, value in sent.items()}
    value = SECRETS[secret]
    return found if value is None else found | {b"x-edge-secret": value}


FORGED = {
    "cf_connecting_ip": LIE,
    "x_forwarded_for": LIE,
    "true_client_ip": LIE,
    "x_real_ip": LIE,
    "forwarded": f"for={LIE}",
    "x_forwarded_proto": "https",
}


@pytest.mark.parametrize("secret", ["wrong", "empty", "missing"])
def test_a_stranger_speaks_only_for_himself(secret):
    found = RULES.resolve(STRANGER, "http", _headers(secret, **FORGED))
    assert (found.text, found.bucket) == (STRANGER, STRANGER)
    assert not found.is_https
    assert not found.via_edge


@pytest.mark.parametrize("secret", ["new", "old"])
@pytest.mark.parametrize("peer", [PROXY, STRANGER, "fd00::1"])
def test_a_valid_edge_secret_makes_the_edges_word_count_whoever_the_peer_is(peer, secret):
    headers = _headers(secret, cf_connecting_ip=CLIENT, x_forwarded_for=f"{LIE}, 172.64.0.1", true_client_ip=LIE)
    found = RULES.resolve(peer, "http", headers)
    assert found.text == CLIENT
    assert found.via_edge
    assert found.is_https


@pytest.mark.parametrize("secret", ["wrong", "empty", "missing"])
@pytest.mark.parametrize("told", [LIE, "", "nonsense"])
def test_without_the_secret_a_trusted_proxy_is_believed_but_not_the_edges_header(secret, told):
    headers = _headers(secret, cf_connecting_ip=told, x_forwarded_for=f"{LIE}, {CLIENT}")
    found = RULES.resolve(PROXY, "http", headers)
    assert found.text == CLIENT
    assert not found.via_edge


@pytest.mark.parametrize("told", ["", "nonsense", f"{LIE}, {CLIENT}", "999.1.1.1", "<script>", "\xff\xfe"])
def test_a_broken_word_of_the_edge_falls_back_to_the_hop_before(told):
    by_proxy = RULES.resolve(PROXY, "https", _headers("new", cf_connecting_ip=told, x_forwarded_for=CLIENT))
    by_stranger = RULES.resolve(STRANGER, "https", _headers("new", cf_connecting_ip=told, x_forwarded_for=LIE))
    assert by_proxy.text == CLIENT
    assert by_stranger.text == STRANGER


@pytest.mark.parametrize(
    ("forwarded_for", "expected"),
    [
        (CLIENT, CLIENT),
        (f"{LIE}, {CLIENT}", CLIENT),
        (f"{LIE},{CLIENT}, 10.0.0.8,10.9.9.9", CLIENT),
        (f"{LIE}, ::ffff:{CLIENT}", CLIENT),
        (f"{CLIENT}:51234", CLIENT),
        (f"{CLIENT}, , ", CLIENT),
        ("[2001:db8::5]:443", "2001:db8::5"),
        ("2001:DB8::5", "2001:db8::5"),
        (f"{LIE}, unknown", PROXY),
        (f"{LIE}, ' OR 1=1", PROXY),
        (f"{LIE}, 10.0.0.8x", PROXY),
        ("10.0.0.8, 10.0.0.9", PROXY),
        ("", PROXY),
        (", ,", PROXY),
    ],
)
def test_the_rightmost_untrusted_hop_is_the_client(forwarded_for, expected):
    assert RULES.resolve(PROXY, "http", _headers("missing", x_forwarded_for=forwarded_for)).text == expected


def test_a_header_of_a_thousand_hops_costs_no_more_than_a_few_and_is_not_believed():
    header = LIE + ", 10.0.0.8" * 1000
    assert RULES.resolve(PROXY, "http", _headers("missing", x_forwarded_for=header)).text == PROXY


@pytest.mark.parametrize(
    ("peer", "secret", "scheme", "forwarded", "expected"),
    [
        (STRANGER, "missing", "https", "http", True),
        (STRANGER, "missing", "http", "https", False),
        (PROXY, "missing", "http", "https", True),
        (PROXY, "missing", "http", "HTTPS", True),
        (PROXY, "missing", "http", "http, https", True),
        (PROXY, "missing", "https", "https, http", False),
        (PROXY, "missing", "http", None, False),
        (PROXY, "missing", "https", None, True),
        # The host's ingress stands between the edge and us, at addresses nobody publishes.
        (STRANGER, "new", "http", "https", True),
        (STRANGER, "new", "http", "http", False),
        (STRANGER, "new", "http", None, True),
        (STRANGER, "wrong", "http", "https", False),
    ],
)
def test_tls_is_believed_of_whoever_may_speak_for_the_client(peer, secret, scheme, forwarded, expected):
    sent = {} if forwarded is None else {"x_forwarded_proto": forwarded}
    assert RULES.resolve(peer, scheme, _headers(secret, **sent)).is_https is expected


def test_nothing_is_trusted_by_default():
    rules = AddressRules((), ())
    for secret in SECRETS:
        assert rules.resolve(PROXY, "http", _headers(secret, **FORGED)).text == PROXY


def test_a_proxy_is_known_by_its_mapped_address_too():
    headers = _headers("missing", x_forwarded_for=CLIENT)
    assert RULES.resolve(f"::ffff:{PROXY}", "http", headers).text == CLIENT
    assert AddressRules(("::ffff:10.0.0.0/104",), ()).resolve(PROXY, "http", headers).text == CLIENT


@pytest.mark.parametrize("peer", [None, "", "unix:", "not an address"])
def test_a_peer_without_an_address_is_unknown_and_trusted_by_nobody(peer):
    found = RULES.resolve(peer, "http", _headers("missing", **FORGED))
    assert (found.text, found.bucket) == ("unknown", "unknown")


def test_an_empty_edge_secret_is_refused_at_the_start():
    with pytest.raises(ValueError, match="empty"):
        AddressRules((), ("good-secret", ""))


@pytest.mark.parametrize("text", ["10.0.0.0/33", "example.org", "", "*", "10.0.0"])
def test_a_proxy_that_is_no_network_is_refused_at_the_start(text):
    with pytest.raises(ValueError):
        AddressRules((text,), ())


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_its_own_bucket(address):
    assert bucket(address) == str(address)
    assert parse(str(address)) == address
    assert parse(f"::ffff:{address}") == address
    assert parse(f"{address}:8080") == address


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_one_ipv6_household_is_one_bucket_and_the_next_is_another(address, host):
    prefix = int(address) >> 64 << 64
    neighbour = ipaddress.IPv6Address(prefix | host)
    other = ipaddress.IPv6Address((prefix ^ (1 << 64)) | host)
    assert bucket(address) == bucket(neighbour) == str(ipaddress.ip_network((prefix, 64)))
    assert bucket(other) != bucket(address)


SENT = st.dictionaries(
    st.sampled_from([b"x-forwarded-for", b"cf-connecting-ip", b"x-forwarded-proto", b"x-edge-secret", b"forwarded"]),
    st.one_of(st.binary(max_size=200), st.ip_addresses().map(lambda address: str(address).encode())),
)


@given(st.ip_addresses(), SENT)
def test_nothing_a_stranger_sends_changes_who_he_is(peer, sent):
    rules = AddressRules((), (NEW,))
    alone = rules.resolve(str(peer), "http", {})
    assert rules.resolve(str(peer), "http", sent) == alone
    assert alone.text == str(parse(str(peer)))


@given(st.ip_addresses().filter(lambda address: not _is_ours(address)), SENT, st.text(max_size=60))
def test_behind_a_proxy_a_client_can_add_only_what_stands_left_of_himself(client, sent, prefix):
    said = prefix.encode("utf-8", "ignore") + b", " + str(client).encode()
    headers = {name: value for name, value in sent.items() if name != b"x-edge-secret"}
    found = RULES.resolve(PROXY, "http", headers | {b"x-forwarded-for": said})
    assert found.text == str(parse(str(client)))


@given(st.one_of(st.text(max_size=100), st.binary(max_size=100).map(lambda raw: raw.decode("latin-1"))))
def test_reading_an_address_never_fails(text):
    found = parse(text)
    assert found is None or bucket(found)


def _is_ours(address):
    found = parse(str(address))
    return any(found.version == net.version and found in net for net in map(network, PROXIES))
