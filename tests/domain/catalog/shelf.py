"""What the catalogue's tests put on the shelf, and how they count what is read."""

from collections.abc import Awaitable
from typing import Any

from sqlalchemy import event

from tests.world import Phone, World


def euros(amount: Any = 1250, **terms: Any) -> dict[str, Any]:
    """The body of a price."""
    return {"unitAmount": {"amount": amount, "currency": "EUR"}, **terms}


def monthly(amount: int = 900, group: str = "membership", **terms: Any) -> dict[str, Any]:
    """The body of a price by the month."""
    return euros(amount, **{"type": "recurring", "interval": "month", "planGroup": group} | terms)


async def put_on_shelf(phone: Phone, **fields: Any) -> dict[str, Any]:
    """A product of this phone's user, as the service answers it."""
    reply = await phone.call("POST", "/products", {"name": "Honey", "kind": "physical"} | fields)
    assert reply.status_code == 201, reply.text
    return dict(reply.json())


async def publish(phone: Phone, product: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Another price of a product, as the service answers it."""
    reply = await phone.call("POST", f"/products/{product['id']}/prices", body)
    assert reply.status_code == 201, reply.text
    return dict(reply.json())


async def admin(world: World) -> Phone:
    """The phone of an administrator."""
    phone = await world.register()
    await world.rows("UPDATE users SET role = 'admin' WHERE id = CAST(:id AS uuid) RETURNING id", id=phone.user_id)
    return await world.login(phone.email)


async def names(world: World, path: str = "/products") -> list[str]:
    """The names of what a list shows, in its order."""
    reply = await world.call("GET", path)
    assert reply.status_code == 200, reply.text
    return [item["name"] for item in reply.json()["items"]]


async def count_reads(world: World, work: Awaitable[Any]) -> int:
    """How many statements look at products or plan groups while the work is done."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "FROM products" in statement or "FROM plan_groups" in statement:
            seen.append(statement)

    engine = world.context.db.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await work
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)
