"""What holds for all tests."""

from hypothesis import settings

settings.register_profile("house", deadline=None)  # a loaded machine is slow, which is no property's fault
settings.load_profile("house")
