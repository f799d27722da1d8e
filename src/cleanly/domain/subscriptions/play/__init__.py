"""Subscriptions that are bought in the app, at Google Play."""
