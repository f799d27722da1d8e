"""A payment by every other provider that the service offers: the buyer agrees there, a part goes back, all is booked.

What the buyer does in the provider's own app or sheet, `Stage.buyer` does: it gets the words that the phone would get.
"""

import secrets

from cleanly.entry.demo.stage import DemoFailed, Reply, Stage

VENDORS = ("stripe", "paypal")
PRICE, REFUNDED = 2217, 500


async def play(stage: Stage, *, seller: str, buyer: str, price_id: str) -> None:
    """Each in turn; `seller` and `buyer` are their tokens. One that is not set up is told and left out."""
    for vendor in VENDORS:
        made = await _post(stage, "/payments", {"priceId": price_id, "provider": vendor}, buyer)
        if made.said == "UNSUPPORTED_BY_PROVIDER":
            stage.tell("POST /payments", made, 422, f"{vendor} is not set up here")
            continue
        stage.tell("POST /payments", made, 201, f"22.17 EUR by {vendor}: the buyer must agree there")
        if made.status != 201:
            raise DemoFailed(f"{vendor} made no payment")
        path = f"/payments/{made.body['id']}"
        if stage.buyer is None:
            gone = await _post(stage, f"{path}/cancel", None, buyer)
            stage.tell("POST .../cancel", gone, 200, "given up: to agree takes a phone, or --buyer")
            continue
        await _agree(stage, vendor, made)
        await _paid_and_refunded(stage, path, seller=seller, buyer=buyer)


async def _agree(stage: Stage, vendor: str, made: Reply) -> None:
    async with stage.http.post(f"{stage.buyer}/{vendor}", json=made.body["client"]) as answer:
        stage.check(
            f"the buyer, at {vendor}",
            str(answer.status),
            "expected 204",
            f"agrees, knowing {', '.join(sorted(made.body['client']))}",
            is_good=answer.status == 204,
        )


async def _paid_and_refunded(stage: Stage, path: str, *, seller: str, buyer: str) -> None:
    paid = await stage.until(path, buyer, lambda reply: reply.body.get("state") == "captured")
    stage.tell("GET /payments/{id}", paid, 200, "paid, by signed webhook or by this look, whoever came first")
    refunded = await _post(stage, f"{path}/refunds", {"amount": REFUNDED, "reason": "a chipped jar"}, seller)
    stage.tell("POST .../refunds", refunded, 201, "5.00 EUR go back")
    looked = await stage.until(path, seller, lambda reply: reply.body.get("refunded", {}).get("amount") == REFUNDED)
    stage.tell("GET /payments/{id}", looked, 200, "and the payment says so")


async def _post(stage: Stage, path: str, body: object, token: str) -> Reply:
    return await stage.call("POST", path, body, token=token, **{"Idempotency-Key": secrets.token_hex(8)})
