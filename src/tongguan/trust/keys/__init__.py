"""Key management: a master key by passphrase or HSM, keys with purpose, owner, state and policy, shares, rotation."""

from tongguan.trust.keys.custody import Contradiction, Drill, Generation, Split
from tongguan.trust.keys.forms import parse
from tongguan.trust.keys.master import Master, open_master
from tongguan.trust.keys.policy import Allow, KeyPolicy
from tongguan.trust.keys.records import Key, fingerprint
from tongguan.trust.keys.service import KeyService
from tongguan.trust.keys.shares import Share
from tongguan.trust.keys.states import MOVES, OPERATIONS, PURPOSES, STATES, Purpose, State

__all__ = [
    "MOVES",
    "OPERATIONS",
    "PURPOSES",
    "STATES",
    "Allow",
    "Contradiction",
    "Drill",
    "Generation",
    "Key",
    "KeyPolicy",
    "KeyService",
    "Master",
    "Purpose",
    "Share",
    "Split",
    "State",
    "fingerprint",
    "open_master",
    "parse",
]
