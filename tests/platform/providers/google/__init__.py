"""Tests of Google sign-in."""
