"""Published inpainting systems, one folder each; see `base` for the contract they fulfil."""
