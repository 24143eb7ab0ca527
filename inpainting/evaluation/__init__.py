"""Evaluation: seeded masks, metrics, columns, tables and figures; see docs/evaluation.md."""
