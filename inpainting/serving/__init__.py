"""From a trained generator to filled photographs: SavedModel, signatures, any size of photo."""
