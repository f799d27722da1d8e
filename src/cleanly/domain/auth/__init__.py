"""Accounts' doors: register, log in, keep a session over a bad network, prove an e-mail, leave."""
