"""Copies of the database outside its host: made, listed, verified, and restored for practice."""
