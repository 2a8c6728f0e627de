"""The API: the same parts and the same permissions as the pages, for programs."""

from tongguan.service.api.app import PREFIX, build, takes_upload

__all__ = ["PREFIX", "build", "takes_upload"]
