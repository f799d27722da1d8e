"""Google sign-in: an ID token goes in, who it names comes out. Knows no users."""
