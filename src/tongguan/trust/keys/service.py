"""The key service: what other rooms and the API call."""

from __future__ import annotations

from tongguan.trust.keys.custody import Custody
from tongguan.trust.keys.lifecycle import Lifecycle
from tongguan.trust.keys.uses import Uses

__all__ = ["KeyService"]


class KeyService(Lifecycle, Uses, Custody):
    """Key management in the manner of a KMS. Threads may share one; processes may share one database.

    Three layers: the master key (passphrase or HSM) wraps the keys of the catalogue, and keys for wrapping wrap data
    keys, which callers keep beside their data. Every row carries a MAC that only the master opens, so that what is
    edited outside is refused (Broken). Opened keys stay in memory for `cache_s` seconds at most; the row is read anew
    at every use, so that a key suspended or destroyed by another process is refused at once.

    Every use is an entry `key.use` (key, version, operation, keyed hash of the context) before its result is handed
    out; every change an entry of its own (`key.create`, `key.state`, …), in one transaction with it (an outbox).
    `clock` gives seconds since the epoch.
    """
