"""What is said of persons in running prose, by a model in a process of its own (an extra)."""

from tongguan.identify.statements.reader import StatementReader

__all__ = ["StatementReader"]
