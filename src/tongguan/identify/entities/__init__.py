"""Names of persons, organisations and places in running prose, by a model in a process of its own (an extra)."""

from tongguan.identify.entities.reader import EntityReader

__all__ = ["EntityReader"]
