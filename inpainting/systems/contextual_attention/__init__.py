"""DeepFill v1: two dilated stages, contextual attention, global and local Wasserstein critics."""
