"""What is for sale: products, their prices, plans, and the platform's fee on each sale."""
