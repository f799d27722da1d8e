"""PayPal keeps what every provider keeps, but that it can't find an order by our id: the same key finds it."""

import pytest

from cleanly.platform.providers.errors import Unknown
from tests.platform.providers.contract import ProviderContract


class TestPayPal(ProviderContract):
    """See `ProviderContract`."""

    async def test_a_payment_is_found_by_our_id_and_by_no_other(self, rig, automatic, number):
        await rig.provider.create_payment(automatic, key=f"payment:{number}:1")
        assert await rig.provider.find_payment(automatic.our_id) is None

    @pytest.mark.parametrize("kind", ["timeout_after", "fault_after"])
    async def test_an_order_whose_answer_got_lost_is_found_by_its_key_and_made_once(
        self, rig, wire, automatic, number, kind
    ):
        await rig.mishap(kind)
        with pytest.raises(Unknown):
            await rig.provider.create_payment(automatic, key=f"payment:{number}:1")
        again = await rig.provider.create_payment(automatic, key=f"payment:{number}:1")
        assert again.money == automatic.money
        assert list(wire.orders) == [again.reference]

    # Told by the test above, as PayPal allows it.
    test_an_answer_that_got_lost_is_in_doubt_and_the_same_key_finds_the_payment = None
    test_a_server_error_after_the_work_is_in_doubt_and_the_payment_is_found = None
