"""What an operator's shell knows of Cloudflare. No service ever has any of it."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from cleanly.kernel.address import network
from cleanly.kernel.settings import Group, Url, Words

Plan = Literal["free", "pro", "business", "enterprise"]
HOST = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"


class CloudflareSettings(Group):
    """`cloudflare_origin` is the name under which the host of the service answers, as `cleanly-web.onrender.com`.

    `cloudflare_admin_addresses`: who reaches /admin/ at all; empty leaves that to the service's own check.
    """

    cloudflare_api_token: SecretStr | None = None
    cloudflare_zone_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    cloudflare_plan: Plan = "free"
    cloudflare_origin: Annotated[str, Field(pattern=HOST, max_length=253)] | None = None
    cloudflare_admin_addresses: Words = ()
    cloudflare_api_url: Url = "https://api.cloudflare.com/client/v4"

    @field_validator("cloudflare_admin_addresses")
    @classmethod
    def _are_admin_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(sorted({str(network(text)) for text in value}))
        except ValueError:
            raise ValueError("CLOUDFLARE_ADMIN_ADDRESSES: each must be an address or a network in CIDR form") from None
