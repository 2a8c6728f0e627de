"""Casework: the papers that a data export asks for. So far the report of an inspection."""
