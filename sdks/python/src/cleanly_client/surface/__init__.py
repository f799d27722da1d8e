"""The whole surface. Written by `python -m sdks.generate`, which is `make sdks`; see docs/adr/0019-client-sdks.md."""

from cleanly_client.groups import AsyncCaller, Caller
from cleanly_client.surface.admin import Admin, AsyncAdmin
from cleanly_client.surface.auth import AsyncAuth, Auth
from cleanly_client.surface.catalog import AsyncCatalog, Catalog
from cleanly_client.surface.payments import AsyncPayments, Payments
from cleanly_client.surface.payouts import AsyncPayouts, Payouts
from cleanly_client.surface.service import AsyncService, Service
from cleanly_client.surface.subscriptions import AsyncSubscriptions, Subscriptions
from cleanly_client.surface.users import AsyncUsers, Users
from cleanly_client.surface.webhooks import AsyncWebhooks, Webhooks


class Surface:
    """Every call of the service, in groups."""

    def __init__(self, caller: Caller) -> None:
        self.admin = Admin(caller)
        self.auth = Auth(caller)
        self.catalog = Catalog(caller)
        self.payments = Payments(caller)
        self.payouts = Payouts(caller)
        self.service = Service(caller)
        self.subscriptions = Subscriptions(caller)
        self.users = Users(caller)
        self.webhooks = Webhooks(caller)


class AsyncSurface:
    """Every call of the service, in groups, awaited."""

    def __init__(self, caller: AsyncCaller) -> None:
        self.admin = AsyncAdmin(caller)
        self.auth = AsyncAuth(caller)
        self.catalog = AsyncCatalog(caller)
        self.payments = AsyncPayments(caller)
        self.payouts = AsyncPayouts(caller)
        self.service = AsyncService(caller)
        self.subscriptions = AsyncSubscriptions(caller)
        self.users = AsyncUsers(caller)
        self.webhooks = AsyncWebhooks(caller)
