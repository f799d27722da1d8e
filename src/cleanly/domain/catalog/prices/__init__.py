"""What a product costs: published, ended, never changed once used."""
