"""Reading and aligning users' exposures."""
