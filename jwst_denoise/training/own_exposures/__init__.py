"""Training on a user's own exposures."""
