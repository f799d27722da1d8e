"""Money given back: asked for by a seller or an admin, or found at the provider."""
