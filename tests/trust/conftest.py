"""One PostgreSQL server for all tests of the room."""

from postgres_server import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]
