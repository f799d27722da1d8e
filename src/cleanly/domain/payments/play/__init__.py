"""What is bought once in the app, at Google Play."""
