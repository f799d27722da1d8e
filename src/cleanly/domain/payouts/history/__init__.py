"""What happened to a seller's money: page by page, as a file, month by month."""
