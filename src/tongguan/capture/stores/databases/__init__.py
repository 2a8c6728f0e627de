"""Databases, read through SQLAlchemy in sessions that may only read."""

from tongguan.capture.stores.databases.dialect import Limits
from tongguan.capture.stores.databases.store import DatabaseStore

__all__ = ["DatabaseStore", "Limits"]
