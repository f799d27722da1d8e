"""Mail: asked for in a transaction, sealed in the queue, written and sent by a job."""
