"""Google Play: what was bought in the app, by a thin client; Google's news of it. Takes no payments itself."""
