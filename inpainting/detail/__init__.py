"""Detail for a blurred fill: the photo's own texture carried into the hole."""
