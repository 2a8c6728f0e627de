"""Streams to exchanges: one small sans-io layer a protocol, and the session that chooses among them."""

from tongguan.capture.protocols.body import Body, Store
from tongguan.capture.protocols.layer import Ends, Expectation, Layer, LogRow, Outcome, fuid
from tongguan.capture.protocols.recognise import PROTOCOLS, ProtocolLayer, Session

__all__ = [
    "PROTOCOLS",
    "Body",
    "Ends",
    "Expectation",
    "Layer",
    "LogRow",
    "Outcome",
    "ProtocolLayer",
    "Session",
    "Store",
    "fuid",
]
