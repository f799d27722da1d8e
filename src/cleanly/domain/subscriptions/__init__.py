"""What users pay for regularly: subscriptions, their periods and changes, and what they entitle to."""
