"""What a step needs to know about an exposure."""
