"""The fixtures of the console."""

from console_house import app, auditor, client

__all__ = ["app", "auditor", "client"]
