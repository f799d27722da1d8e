"""Bringing messages to endpoints: claimed in batches, fairly, sent at once, tried again on a schedule."""
