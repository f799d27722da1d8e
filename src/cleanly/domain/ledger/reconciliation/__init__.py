"""Hold the provider's own books against ours. What differs is told, never mended."""
