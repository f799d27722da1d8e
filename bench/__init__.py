"""Measure the service against yardsticks taken in the same run, on this machine. Ratios travel; absolutes don't."""
