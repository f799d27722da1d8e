"""Work that is due by the clock, once however many processes watch it."""
