"""Balances put right by hand: asked for by one administrator, above a limit approved by another."""
