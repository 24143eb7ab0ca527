"""Training runs: configuration, strategy, schedules, checkpoints, callbacks."""
