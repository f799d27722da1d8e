"""What the OpenAPI document can't know: the names that read well in Kotlin. What is not named here gets a plain name."""

PACKAGE = "dev.cleanly"

# Not for apps: providers call it.
LEFT_OUT = {"receive"}
# Written by hand in Session.kt, for they change the tokens.
BY_HAND = {"register", "login", "google", "refresh", "logout", "change_password"}

GROUPS = {"sessions": "auth", "health": "service"}
GROUP_TEXTS = {
    "admin": "What administrators see and decide.",
    "auth": "One's own devices, links by mail, forgotten passwords. What changes the tokens is in [Session].",
    "catalog": "Products, their prices, and plans.",
    "payments": "Payments, refunds, disputes.",
    "payouts": "Where sellers are paid, what they have, and what is paid out.",
    "service": "The service itself: health, error table.",
    "subscriptions": "Subscriptions, and what a user may use now.",
    "users": "The profile.",
    "webhooks": "Endpoints that are told what happened, and what was delivered to them. To verify one: [Webhooks].",
}

# operationId: name of the function. Without a row the operationId itself, in camel case.
FUNCTIONS = {
    "list_events": "inboundEvents",
    "read_event": "inboundEvent",
    "replay_event": "replayInboundEvent",
    "replay_events": "replayInboundEvents",
    "list_webhook_endpoints": "endpoints",
    "create_webhook_endpoint": "create",
    "read_webhook_endpoint": "read",
    "change_webhook_endpoint": "change",
    "delete_webhook_endpoint": "delete",
    "rotate_webhook_secret": "rotateSecret",
    "list_messages": "messages",
    "read_message": "message",
    "list_deliveries": "deliveries",
    "read_delivery": "delivery",
    "poll_events": "poll",
    "retry_delivery": "retry",
    "replay_endpoint": "replay",
    "test_endpoint": "test",
    "list_event_types": "eventTypes",
    "read_user": "read",
    "change_profile": "change",
    "list_sessions": "devices",
    "revoke_session": "revokeDevice",
    "request_verification": "requestVerification",
    "confirm_verification": "confirmVerification",
    "forgot": "forgotPassword",
    "reset": "resetPassword",
    "jwks": "publicKeys",
    "list_items": "reconciliationItems",
    "list_reports": "reconciliationReports",
    "resolve_item": "resolveReconciliationItem",
    "list_products": "products",
    "create_product": "createProduct",
    "read_product": "product",
    "list_plans": "plans",
    "read_seller_fee": "sellerFee",
    "create_payment": "create",
    "list_payments": "list",
    "read_payment": "read",
    "capture_payment": "capture",
    "cancel_payment": "cancel",
    "refund_payment": "refund",
    "list_refunds": "refunds",
    "list_disputes": "disputes",
    "read_hold_terms": "holdTerms",
    "create_subscription": "create",
    "list_subscriptions": "list",
    "read_subscription": "read",
    "read_play_account": "playAccount",
    "list_periods": "periods",
    "cancel_subscription": "cancel",
    "resume_subscription": "resume",
    "pause_subscription": "pause",
    "change_subscription": "change",
    "read_entitlements": "entitlements",
    "list_payout_accounts": "accounts",
    "open_payout_account": "openAccount",
    "read_my_payout_account": "myAccount",
    "change_payout_account": "changeAccount",
    "list_sellers_payout_accounts": "payoutAccounts",
    "read_sellers_payout_account": "payoutAccount",
    "read_balance": "balance",
    "list_transactions": "transactions",
    "read_statement": "statement",
    "request_payout": "request",
    "list_payouts": "list",
    "read_payout": "read",
    "cancel_payout": "cancel",
    "read_payout_schedule": "schedule",
    "set_payout_schedule": "setSchedule",
    "list_all_payouts": "payouts",
    "read_payout_stop": "payoutStop",
    "list_errors": "errors",
}

# The schema's name (without its module and its Out): the class. What ends with In is the body of one call, and internal.
CLASSES = {
    "PriceIn": "NewPrice",
    "AmountOut": "Money",
    "MoneyOut": "Money",
    "MinimumIn": "Money",
    "UnitAmount": "Money",
    "SignedInOut": "SignedIn",
    "TokensOut": "TokenPair",
    "User": "User",
    "ErrorOut": "ErrorRow",
    "ItemOut": "ReconciliationItem",
    "ReportOut": "ReconciliationReport",
    "LetterOut": "InboundLetter",
    "SessionOut": "Device",
    "TestedOut": "EndpointTest",
    "EndpointMadeOut": "EndpointWithSecret",
    "EndpointOut": "Endpoint",
    "EventOut": "WebhookEvent",
    "MessageOut": "WebhookMessage",
    "ChangesOut": "BalanceChanges",
    "TypeOut": "StatementLine",
    "SumsOut": "StatementSums",
    "CurrencyOut": "StatementCurrency",
    "ObjectOut": "TransactionObject",
    "CountsOut": "ReplayCounts",
    "KeyOut": "EndpointKey",
    "StandingOut": "ReconciliationStanding",
    "PeriodOut": "SubscriptionPeriod",
    "PreviewOut": "ChangePreview",
    "ChangeOut": "SubscriptionChange",
    "DestinationOut": "PayoutDestination",
    "PolledOut": "PolledEvents",
    "PlanProduct": "PlanProduct",
    "TriedOut": "DeliveryTry",
    "AttemptOut": "DeliveryAttempt",
    "webhooks.inbound.ReplayedOut": "InboundReplayed",
    "mending.ReplayedOut": "Replayed",
    "health.HealthOut": "ServiceHealth",
    "endpoints.HealthOut": "EndpointHealth",
    "webhooks.inbound.ReplayIn": "InboundReplayBody",
    "mending.ReplayIn": "ReplayBody",
}

# Only the session touches them.
INTERNAL = {"SignedIn", "TokenPair"}

# An enum's values: its name. Some calls take fewer values than others; each set stands here with the same name.
_PROVIDERS = ("google_play", "paypal", "sandbox", "stripe")
ENUMS = {
    "active archived": "ProductStatus",
    "active canceled expired incomplete past_due paused trialing unpaid": "SubscriptionState",
    "all current others": "LogoutScope",
    "amount balance currency duplicate missing_local missing_provider": "ReconciliationKind",
    "any buyer seller": "PaymentRole",
    "at_period_end now": "TakesHold",
    "authorized canceled captured created failed processing requires_action unknown": "PaymentState",
    "automatic manual": "CaptureMethod",
    "broken forbidden refused succeeded timeout unreachable": "DeliveryOutcome",
    "canceled failed held in_transit paid requested returned sending unknown": "PayoutState",
    "change cycle": "PeriodKind",
    "claimed failed pending skipped succeeded": "DeliveryState",
    "closed lost needs_response under_review won": "DisputeState",
    "created failed pending succeeded unknown": "RefundState",
    "daily manual monthly weekly": "PayoutInterval",
    "day month week year": "BillingInterval",
    "dead done ignored stored waiting": "InboundEventState",
    "dead done ignored waiting": "InboundEventState",
    "degraded ok": "Readiness",
    "digital physical service": "ProductKind",
    "disabled enabled pending restricted": "PayoutAccountStatus",
    "failed missing skipped succeeded": "ReplayState",
    "failing gone owner": "DisabledReason",
    "failing good": "EndpointHealthState",
    "lost reinstated untouched withdrawn": "DisputedMoney",
    "one_time recurring": "PriceType",
    "v1 v1a": "SignatureScheme",
    " ".join(_PROVIDERS): "Provider",
    "paypal sandbox stripe": "Provider",
}

# Whose values the document calls a mere string.
FIELD_ENUMS = {
    ("PaymentOut", "provider"): "Provider",
    ("SubscriptionOut", "provider"): "Provider",
    ("PayoutAccountOut", "provider"): "Provider",
    ("PayoutAccountSeen", "provider"): "Provider",
    ("PayoutOut", "provider"): "Provider",
    ("ReviewedPayoutOut", "provider"): "Provider",
    ("PayoutIn", "provider"): "Provider",
}

# `null` takes the value away, and leaving the field out leaves it alone.
SETTABLE = {("ProfileIn", "avatarUrl"), ("EndpointChangeIn", "ratePerMinute")}

# Minor units of a currency need 64 bits; the other integers are small.
LONG_SCHEMAS = {"SumsOut", "ChangesOut", "StandingOut", "RefundIn", "CaptureIn", "PayoutIn", "MoneyOut"}
LONG_MAPS = {"fixed"}

# Never in toString().
SECRETS = {
    "accessToken",
    "client",
    "currentPassword",
    "idToken",
    "newPassword",
    "nonce",
    "onboardingUrl",
    "password",
    "previewToken",
    "purchaseToken",
    "refreshToken",
    "secret",
    "token",
}
