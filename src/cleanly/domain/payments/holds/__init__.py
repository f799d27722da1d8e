"""Sellers' money that rests: kept back after a capture, released in batches, part of it into a rolling reserve."""
