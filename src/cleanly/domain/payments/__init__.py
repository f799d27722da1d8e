"""A buyer pays a seller through the platform: payments, their refunds and their disputes."""
