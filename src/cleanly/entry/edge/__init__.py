"""The zone at Cloudflare: what it shall be, what it is, what is missing, and the writing of that."""
