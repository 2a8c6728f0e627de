"""One door for programs and browsers."""

from tongguan.service.server import create_app, serve

__all__ = ["create_app", "serve"]
