"""Sessions: a phone's login that outlives a bad network and gives a stolen token away."""
