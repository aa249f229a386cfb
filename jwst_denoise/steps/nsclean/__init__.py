"""Step ``nsclean``."""
