"""Provider news: verified and stored at once, acted on by a job, kept when nobody could make sense of it."""
