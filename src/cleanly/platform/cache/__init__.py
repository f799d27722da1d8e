"""Bytes kept near: a bounded local copy, a shared one in Redis or Valkey when there is one."""
