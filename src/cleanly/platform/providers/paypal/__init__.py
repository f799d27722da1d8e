"""PayPal: payments by Orders v2, refunds, disputes, its report of transactions and its events."""
