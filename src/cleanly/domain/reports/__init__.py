"""What a day was, in figures: kept once, mailed to operators."""
