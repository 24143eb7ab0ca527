"""Where photographs and masks come from, and the pipeline that makes training batches of them."""
