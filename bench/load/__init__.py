"""A load test as phones make it: think time, lost replies, retries; and a look at what was true afterwards."""
