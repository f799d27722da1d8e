"""What PaymentSheet needs besides a secret of what is to be paid: who pays, and a key to what Stripe keeps of them."""

from stripe import V1Services


async def of_customer(client: V1Services, customer: str | None, *, version: str) -> dict[str, str]:
    """Nothing without a customer. `version`: of the app's SDK, for which the key is made; it is never stored."""
    if customer is None:
        return {}
    made = await client.ephemeral_keys.create_async({"customer": customer}, {"stripe_version": version})
    return {"customer": customer, "ephemeralKey": str(made.to_dict()["secret"])}
