"""Reading and aligning the exposures of users."""
