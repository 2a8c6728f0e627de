"""One door for people at a terminal."""

from tongguan.cli.main import main

__all__ = ["main"]
