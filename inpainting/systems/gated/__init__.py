"""DeepFill v2: gated convolutions, contextual attention, a spectrally normalised patch critic."""
