"""Webhooks: news that comes in from providers."""
