"""The console: server-rendered pages on loopback, each with a JSON twin."""
