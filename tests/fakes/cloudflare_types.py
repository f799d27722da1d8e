"""The SDK's own types turned strict: an unknown key fails at every level, and what it would read lazily is read."""

from functools import cache
from typing import Any

from cloudflare.types import bot_management as bots
from cloudflare.types import rulesets
from cloudflare.types.dns import CAARecordParam, CNAMERecordParam
from cloudflare.types.dns.record_response import AAAARecord, ARecord, CAARecord, CNAMERecord
from cloudflare.types.zones import SettingGetResponse, Zone
from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator

RULES_SENT = {
    "block": rulesets.BlockRuleParam,
    "execute": rulesets.ExecuteRuleParam,
    "managed_challenge": rulesets.ManagedChallengeRuleParam,
    "rewrite": rulesets.RewriteRuleParam,
    "set_cache_settings": rulesets.SetCacheSettingsRuleParam,
    "skip": rulesets.SkipRuleParam,
}
RULES_TOLD = {
    "block": rulesets.BlockRule,
    "execute": rulesets.ExecuteRule,
    "managed_challenge": rulesets.ManagedChallengeRule,
    "rewrite": rulesets.RewriteRule,
    "set_cache_settings": rulesets.SetCacheSettingsRule,
    "skip": rulesets.SkipRule,
}
RECORDS_SENT = {"CNAME": CNAMERecordParam, "CAA": CAARecordParam}
RECORDS_TOLD = {"CNAME": CNAMERecord, "CAA": CAARecord, "A": ARecord, "AAAA": AAAARecord}
BOTS_SENT = {
    "free": bots.BotFightModeConfigurationParam,
    "pro": bots.SuperBotFightModeDefinitelyConfigurationParam,
    "business": bots.SuperBotFightModeLikelyConfigurationParam,
}
BOTS_TOLD = {
    "free": bots.BotFightModeConfiguration,
    "pro": bots.SuperBotFightModeDefinitelyConfiguration,
    "business": bots.SuperBotFightModeLikelyConfiguration,
}
SETTING, ZONE = SettingGetResponse, Zone


def faults(kind: Any, value: object) -> list[str]:
    """What a strict reader has against it."""
    try:
        _reader(kind).validate_python([value])
    except ValidationError as error:
        return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False)][:5]
    return []


@cache
def _reader(kind: Any) -> SchemaValidator:
    # In a list: the SDK puts off the making of a model's own schema.
    return SchemaValidator(_strict(TypeAdapter(list[kind]).core_schema))


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if isinstance(schema, tuple):
        return tuple(_strict(one) for one in schema)
    if not isinstance(schema, dict):
        return schema
    found = {name: value if name in {"cls", "metadata", "config"} else _strict(value) for name, value in schema.items()}
    match schema.get("type"):
        case "typed-dict" | "model-fields":
            found["extra_behavior"] = "forbid"
            found.pop("extras_schema", None)
        case "model":
            found["config"] = {**schema.get("config", {}), "extra_fields_behavior": "forbid"}
        case "generator":
            found["type"] = "list"
    return found
