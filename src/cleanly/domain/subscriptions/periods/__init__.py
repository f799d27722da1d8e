"""What was paid for which time: invoices and receipts."""
