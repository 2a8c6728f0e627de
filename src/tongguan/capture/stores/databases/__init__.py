"""Databases, read through SQLAlchemy in sessions that may only read."""

from tongguan.capture.stores.databases.apart import ApartStore
from tongguan.capture.stores.databases.dialect import Limits
from tongguan.capture.stores.databases.store import DatabaseStore

__all__ = ["ApartStore", "DatabaseStore", "Limits"]
