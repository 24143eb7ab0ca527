"""Published checkpoints of the systems, brought into run folders of this project."""
