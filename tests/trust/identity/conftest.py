"""The fixtures of the house."""

from identity_house import any_house, house

__all__ = ["any_house", "house"]
