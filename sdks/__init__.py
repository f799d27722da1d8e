"""The app's side: two client libraries over one contract, and what they share."""
