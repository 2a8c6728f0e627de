"""Tongguan: what data really left, whose it was, which path the law of that day asks, and what was filed."""

__version__ = "0.1.0"
