"""Who may push: Google alone, as our service account, for our audience, now."""

import json

import pytest

from cleanly.kernel.errors import Unavailable
from cleanly.platform.providers.errors import BadSignature
from tests.fakes.play_wire import AUDIENCE, KEYS, PACKAGE, PUSHER, rsa

TEST = {"testNotification": {"version": "1.0"}}


def headers(bearer: str) -> dict[str, str]:
    return {"authorization": f"Bearer {bearer}"}


async def verify(play, clock, bearer: str, body: bytes):
    return await play.verify_webhook(headers(bearer), body, now=clock.now())


async def test_a_good_push_is_an_event_of_ours(play, wire, clock, ada):
    token = wire.subscribe(ada)
    [push] = wire.pushed
    event = await play.verify_webhook(push.headers, push.body, now=clock.now())
    assert (event.provider, event.account, event.kind, event.object) == ("google_play", PACKAGE, "subscription", token)
    assert (event.type, event.is_live, event.our_id) == ("SUBSCRIPTION_PURCHASED", False, None)
    assert event.id == json.loads(push.body)["message"]["messageId"]
    assert (event.created_at, event.verified_with) == (clock.now(), f"push:{PUSHER}")
    assert await play.fetch_object(event) == await play.get_subscription(token)


async def test_each_kind_of_news_leads_to_its_purchase(play, wire, clock, ada):
    product = wire.buy(ada)
    subscription = wire.subscribe(ada)
    wire.void(product)
    wire.void(subscription)
    wire.push(TEST)
    found = []
    for push in wire.pushed:
        event = await play.verify_webhook(push.headers, push.body, now=clock.now())
        fetched = await play.fetch_object(event)
        found.append((event.type, event.kind, event.object, None if fetched is None else fetched.token))
    assert found == [
        ("ONE_TIME_PRODUCT_PURCHASED", "purchase", product, product),
        ("SUBSCRIPTION_PURCHASED", "subscription", subscription, subscription),
        ("VOIDED_PURCHASE", "purchase", product, product),
        ("VOIDED_PURCHASE", "subscription", subscription, subscription),
        ("SUBSCRIPTION_REVOKED", "subscription", subscription, subscription),
        ("TEST", "other", "", None),
    ]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"aud": "https://api.example.com"}, "aud"),
        ({"aud": [AUDIENCE]}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": ""}, "aud"),
        ({"email": "mallory@example.iam.gserviceaccount.com"}, "email"),
        ({"email": PUSHER.upper()}, "email"),
        ({"email": None}, "email"),
        ({"email_verified": False}, "email_verified"),
        ({"email_verified": None}, "email_verified"),
        ({"email_verified": "yes"}, "email_verified"),
        ({"iss": "https://accounts.google.com.example.com"}, "iss"),
        ({"iss": None}, "iss"),
        ({"exp": None}, "exp"),
        ({"iat": None}, "iat"),
        ({"exp": 2**40}, "exp does not fit"),
    ],
)
async def test_a_token_of_somebody_else_or_for_somebody_else_is_refused(play, wire, clock, changed, reason):
    with pytest.raises(BadSignature, match=reason):
        await verify(play, clock, wire.bearer(**changed), wire.envelope(TEST))


@pytest.mark.parametrize("issuer", ["accounts.google.com", "https://accounts.google.com"])
async def test_google_is_named_with_and_without_its_scheme(play, wire, clock, issuer):
    assert (await verify(play, clock, wire.bearer(iss=issuer), wire.envelope(TEST))).type == "TEST"


@pytest.mark.parametrize(
    ("passed", "is_good"), [(3629, True), (3630, False), (86400, False), (-30, True), (-31, False)]
)
async def test_a_token_lives_an_hour_and_not_before_it_was_made(play, wire, clock, passed, is_good):
    bearer, body = wire.bearer(), wire.envelope(TEST)
    clock.move(seconds=passed)
    if is_good:
        assert (await verify(play, clock, bearer, body)).type == "TEST"
    else:
        with pytest.raises(BadSignature, match=r"exp is past|in the future"):
            await verify(play, clock, bearer, body)


async def test_a_token_signed_by_another_key_is_forged(play, wire, clock):
    stranger = rsa("stranger")
    for key in (stranger, type(stranger).import_key({**stranger.as_dict(private=True), "kid": "push-1"})):
        with pytest.raises(BadSignature, match=r"kid|not signed"):
            await verify(play, clock, wire.bearer(key), wire.envelope(TEST))


async def test_a_token_without_a_signature_is_forged(play, wire, clock):
    head, claims, signature = wire.bearer().split(".")
    unsigned = "eyJhbGciOiJub25lIiwia2lkIjoicHVzaC0xIn0"  # alg none
    for bearer in (
        f"{unsigned}.{claims}.",
        f"{head}.{claims}.",
        f"{head}.{claims}.{signature[::-1]}",
        f"{head}.{claims}",
    ):
        with pytest.raises(BadSignature):
            await verify(play, clock, bearer, wire.envelope(TEST))


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Basic dTpw", "Bearer x", "Bearer " + "x" * 9000, "bearer a.b.c"]
)
async def test_without_a_bearer_token_it_is_nobody(play, wire, clock, authorization):
    sent = {} if authorization is None else {"authorization": authorization}
    with pytest.raises(BadSignature):
        await play.verify_webhook(sent, wire.envelope(TEST), now=clock.now())
    assert wire.sent("GET", KEYS) == []


async def test_a_good_token_in_another_scheme_is_none(play, wire, clock):
    for scheme in ("Basic", "Bearers", "Negotiate"):
        with pytest.raises(BadSignature, match="no bearer token"):
            await play.verify_webhook(
                {"authorization": f"{scheme} {wire.bearer()}"}, wire.envelope(TEST), now=clock.now()
            )


async def test_the_scheme_is_written_as_one_likes(play, wire, clock):
    sent = {"authorization": f"bearer {wire.bearer()}"}
    assert (await play.verify_webhook(sent, wire.envelope(TEST), now=clock.now())).type == "TEST"


async def test_googles_keys_are_fetched_once(play, wire, clock):
    for _ in range(5):
        await verify(play, clock, wire.bearer(), wire.envelope(TEST))
    assert len(wire.sent("GET", KEYS)) == 1


async def test_without_googles_keys_nothing_is_judged(play, wire, clock):
    wire.answer = wire.read  # every address now answers nonsense
    with pytest.raises(Unavailable):
        await verify(play, clock, wire.bearer(), wire.envelope(TEST))


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"message": {}}', b'{"message": []}', b"[" * 100_000])
async def test_what_google_pushed_and_is_no_notification_is_refused(play, wire, clock, body):
    with pytest.raises(BadSignature, match="no notification"):
        await verify(play, clock, wire.bearer(), body)


async def test_nothing_of_the_token_is_told(play, wire, clock):
    bearer = wire.bearer(aud="https://elsewhere.example")
    with pytest.raises(BadSignature) as caught:
        await verify(play, clock, bearer, wire.envelope(TEST))
    assert "elsewhere" not in caught.value.reason
    assert bearer[:20] not in caught.value.reason
