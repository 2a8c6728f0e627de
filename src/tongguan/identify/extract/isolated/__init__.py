"""The parsers that run in a process of their own. Imports nothing of the rest of the house, so that it starts fast."""
