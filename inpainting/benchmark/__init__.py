"""Measures speed and memory beside another program, turn by turn; see docs/benchmarks.md."""
