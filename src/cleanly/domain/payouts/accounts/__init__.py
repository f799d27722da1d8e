"""Where sellers are paid: their accounts at the providers, onboarding, destinations."""
