"""Quality-assurance pictures of the steps."""
