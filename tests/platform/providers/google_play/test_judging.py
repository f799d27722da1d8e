"""Who may have what: every verdict, and that nobody gets what another bought."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanly.platform.providers.judging import (
    Claim,
    Denied,
    Granted,
    Reason,
    Waiting,
    judge_owner,
    judge_product,
    judge_subscription,
)
from cleanly.platform.providers.ownership import AccountIds
from cleanly.platform.providers.purchases import (
    ProductItem,
    ProductPurchase,
    ProductState,
    SubscriptionItem,
    SubscriptionPurchase,
    SubscriptionState,
)

ADA, BOB = UUID(int=1), UUID(int=2)
ACCOUNTS = AccountIds([b"a secret of the server's own, and long"])
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(days=30), NOW - timedelta(seconds=1)
SOLD = {("premium", "monthly"), ("gold", None)}


def claim(user_id: UUID = ADA, **changed: Any) -> Claim:
    return Claim(user_id, ACCOUNTS.owns, **changed)


def item(**changed: Any) -> SubscriptionItem:
    fields = {
        "product_id": "premium",
        "base_plan": "monthly",
        "offer": None,
        "expires_at": LATER,
        "renews": True,
        "phase": "base",
        "price": None,
        "order_id": "GPA.1",
    }
    return SubscriptionItem(**{**fields, **changed})


def subscription(**changed: Any) -> SubscriptionPurchase:
    fields = {
        "token": "t",
        "state": "active",
        "items": (item(),),
        "account_id": ACCOUNTS.of(ADA),
        "is_acknowledged": False,
        "is_test": False,
        "cancel_at_period_end": False,
    }
    return SubscriptionPurchase(**{**fields, **changed})


def thing(**changed: Any) -> ProductItem:
    fields = {"product_id": "coins", "quantity": 1, "refundable": 1, "is_consumed": False}
    return ProductItem(**{**fields, **changed})


def product(**changed: Any) -> ProductPurchase:
    fields = {
        "token": "t",
        "state": "purchased",
        "items": (thing(),),
        "account_id": ACCOUNTS.of(ADA),
        "is_acknowledged": False,
        "is_test": False,
    }
    return ProductPurchase(**{**fields, **changed})


def of_product(purchase: ProductPurchase, asked: Claim | None = None):
    return judge_product(purchase, asked or claim(), sold={"coins"})


def of_subscription(purchase: SubscriptionPurchase, asked: Claim | None = None):
    return judge_subscription(purchase, asked or claim(), sold=SOLD, now=NOW)


def test_a_good_purchase_is_granted_and_is_to_be_acknowledged():
    assert of_product(product()) == Granted((thing(),), None, must_acknowledge=True)
    assert of_subscription(subscription()) == Granted((item(),), LATER, must_acknowledge=True)


def test_what_was_acknowledged_is_granted_again():
    assert of_product(product(is_acknowledged=True)) == Granted((thing(),), None, must_acknowledge=False)
    assert of_subscription(subscription(is_acknowledged=True)) == Granted((item(),), LATER, must_acknowledge=False)


@pytest.mark.parametrize("purchase", [product(), subscription()])
def test_a_token_of_another_user_is_refused_whatever_else_is_good(purchase):
    assert judge_owner(purchase, claim()) is None
    assert judge_owner(purchase, claim(BOB)) == "of_another_user"
    assert judge_owner(purchase, claim(ADA, bound_to=BOB)) == "of_another_user"
    assert judge_owner(purchase, claim(BOB, bound_to=ADA)) == "of_another_user"


@pytest.mark.parametrize("purchase", [product(account_id=None), subscription(account_id=None)])
def test_a_purchase_without_an_account_id_is_nobodys_until_it_is_bound(purchase):
    assert judge_owner(purchase, claim()) == "of_nobody"
    assert judge_owner(purchase, claim(bound_to=ADA)) is None
    assert judge_owner(purchase, claim(bound_to=BOB)) == "of_another_user"


@pytest.mark.parametrize("purchase", [product(account_id="x" * 43), subscription(account_id="x" * 43)])
def test_what_is_bound_stays_bound_when_the_secret_is_gone(purchase):
    assert judge_owner(purchase, claim()) == "of_another_user"
    assert judge_owner(purchase, claim(bound_to=ADA)) is None


def test_who_came_back_by_googles_pages_is_known_by_the_ended_one():
    back = subscription(account_id=None, expired_account_id=ACCOUNTS.of(ADA), expired_token="old")
    assert judge_owner(back, claim()) is None
    assert judge_owner(back, claim(BOB)) == "of_another_user"


def test_the_purchases_own_account_id_goes_before_the_ended_ones():
    mixed = subscription(account_id=ACCOUNTS.of(BOB), expired_account_id=ACCOUNTS.of(ADA))
    assert judge_owner(mixed, claim()) == "of_another_user"


@pytest.mark.parametrize("counts", [True, False])
def test_a_test_purchase_counts_only_where_nothing_is_real(counts):
    asked = claim(counts_tests=counts)
    for verdict in (of_product(product(is_test=True), asked), of_subscription(subscription(is_test=True), asked)):
        assert isinstance(verdict, Granted) if counts else verdict == Denied("test")


def test_a_strangers_test_purchase_is_a_strangers_first():
    assert of_product(product(is_test=True), claim(BOB)) == Denied("of_another_user")


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"state": "pending"}, Waiting()),
        ({"state": "canceled"}, Denied("canceled")),
        ({"items": ()}, Denied("not_sold_here")),
        ({"items": (thing(product_id="diamonds"),)}, Denied("not_sold_here")),
        ({"items": (thing(refundable=0),)}, Denied("canceled")),
        ({"items": (thing(is_consumed=True),)}, Denied("consumed")),
        ({"items": (thing(refundable=0, is_consumed=True),)}, Denied("canceled")),
    ],
)
def test_a_one_time_purchase_is_granted_once_it_is_paid_and_while_it_stands(changed, verdict):
    assert of_product(product(**changed)) == verdict


def test_of_several_products_those_are_granted_that_we_know_and_that_stand():
    good, part = thing(), thing(quantity=5, refundable=3)
    bad = (thing(refundable=0), thing(is_consumed=True), thing(product_id="diamonds"))
    assert of_product(product(items=(*bad, good, part))) == Granted((good, part), None, must_acknowledge=True)
    assert of_product(product(items=(thing(refundable=None),))) == Granted(
        (thing(refundable=None),), None, must_acknowledge=True
    )


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("incomplete", Waiting()),
        ("unpaid", Denied("unpaid")),
        ("paused", Denied("paused")),
        ("canceled", Denied("canceled")),
        ("expired", Denied("over")),
        ("trialing", Granted((item(),), LATER, must_acknowledge=True)),
        ("active", Granted((item(),), LATER, must_acknowledge=True)),
        ("past_due", Granted((item(),), LATER, must_acknowledge=True)),
    ],
)
def test_a_subscription_is_granted_in_the_states_that_entitle(state, verdict):
    assert of_subscription(subscription(state=state)) == verdict


def test_a_canceled_renewal_takes_nothing_before_the_end():
    canceled = subscription(cancel_at_period_end=True, canceled_by="user")
    assert of_subscription(canceled) == Granted((item(),), LATER, must_acknowledge=True)


def test_a_renewal_that_google_has_not_decided_is_waited_for():
    for end in (EARLIER, NOW, None):
        assert of_subscription(subscription(items=(item(expires_at=end),))) == Waiting()


def test_a_plan_that_we_do_not_sell_is_not_granted():
    for other in (item(product_id="silver"), item(base_plan="yearly"), item(base_plan=None)):
        assert of_subscription(subscription(items=(other,))) == Denied("not_sold_here")


def test_of_several_items_those_are_granted_that_last_and_the_longest_is_the_end():
    gold = item(product_id="gold", base_plan=None, expires_at=LATER + timedelta(days=1))
    lapsed, unknown = item(expires_at=EARLIER), item(product_id="silver")
    verdict = of_subscription(subscription(items=(lapsed, unknown, item(), gold)))
    assert verdict == Granted((item(), gold), LATER + timedelta(days=1), must_acknowledge=True)


_USERS = st.sampled_from([ADA, BOB, None])
_SUBSCRIPTIONS = st.builds(
    lambda state, owner, expired, is_test, ends: subscription(
        state=state,
        account_id=None if owner is None else ACCOUNTS.of(owner),
        expired_account_id=None if expired is None else ACCOUNTS.of(expired),
        is_test=is_test,
        items=tuple(item(expires_at=end) for end in ends),
    ),
    st.sampled_from(get_args(SubscriptionState)),
    _USERS,
    _USERS,
    st.booleans(),
    st.lists(st.sampled_from([LATER, EARLIER, NOW, None]), max_size=3),
)
_PRODUCTS = st.builds(
    lambda state, owner, is_test, left, is_consumed: product(
        state=state,
        account_id=None if owner is None else ACCOUNTS.of(owner),
        is_test=is_test,
        items=(thing(refundable=left, is_consumed=is_consumed),),
    ),
    st.sampled_from(get_args(ProductState)),
    _USERS,
    st.booleans(),
    st.sampled_from([None, 0, 1]),
    st.booleans(),
)


@given(_SUBSCRIPTIONS | _PRODUCTS, _USERS)
def test_one_purchase_is_never_granted_to_two_users(purchase, bound_to):
    granted = []
    for user_id in (ADA, BOB):
        asked = claim(user_id, bound_to=bound_to)
        if isinstance(purchase, SubscriptionPurchase):
            verdict = of_subscription(purchase, asked)
        else:
            verdict = of_product(purchase, asked)
        if isinstance(verdict, Denied):
            assert verdict.reason in get_args(Reason)
        if isinstance(verdict, Granted):
            granted.append(user_id)
            assert verdict.items
            assert not purchase.is_test
            assert purchase.state in {"trialing", "active", "past_due", "purchased"}
            assert verdict.until is None or verdict.until > NOW
    assert len(granted) <= 1
    assert bound_to is None or set(granted) <= {bound_to}
