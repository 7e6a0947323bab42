"""How a version comes to disk and comes to speak."""
