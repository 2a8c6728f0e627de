"""Addresses that say little about a place: private ones, and anycast ones that answer from everywhere."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import cache
from typing import Generic, TypeVar

from tongguan.border.nodes import Network

__all__ = ["Address", "Prefixes", "anycast", "parse", "private", "reserved"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
T = TypeVar("T")

# RFC 1918, 6598, 1122, 3927, 4193, 4291, 5771; broadcast.
_PRIVATE = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4",
    "255.255.255.255/32", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8",
)  # fmt: skip

# Documentation, benchmarks, future use (RFC 5737, 3849, 2544, 1112): they lie nowhere, whatever a table says.
_RESERVED = (
    "0.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "240.0.0.0/4", "2001:db8::/32",
)  # fmt: skip

# Public resolvers and the published ranges of two delivery networks that announce one address from many countries.
# A short list on purpose: what is not in it is judged by the country table with its modest confidence.
_ANYCAST = (
    # public resolvers: Cloudflare, Google, Quad9, OpenDNS
    "1.1.1.0/24", "1.0.0.0/24", "8.8.8.0/24", "8.8.4.0/24", "9.9.9.0/24", "149.112.112.0/24", "208.67.222.0/24",
    "208.67.220.0/24", "2606:4700:4700::/48", "2001:4860:4860::/48", "2620:fe::/48", "2620:119:35::/48",
    # Cloudflare
    "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "104.16.0.0/13", "104.24.0.0/14", "108.162.192.0/18",
    "131.0.72.0/22", "141.101.64.0/18", "162.158.0.0/15", "172.64.0.0/13", "173.245.48.0/20", "188.114.96.0/20",
    "190.93.240.0/20", "197.234.240.0/22", "198.41.128.0/17", "2400:cb00::/32", "2606:4700::/32", "2803:f800::/32",
    "2405:b500::/32", "2405:8100::/32", "2a06:98c0::/29", "2c0f:f248::/32",
    # Fastly
    "151.101.0.0/16", "199.232.0.0/16", "2a04:4e40::/32", "2a04:4e42::/32",
)  # fmt: skip


class Prefixes(Generic[T]):
    """Values by network; the most specific network that holds an address wins."""

    def __init__(self, entries: Iterable[tuple[Network, T]]) -> None:
        self._levels: dict[int, dict[int, dict[int, T]]] = {4: {}, 6: {}}  # version → prefix length → network → value
        for network, value in entries:
            level = self._levels[network.version].setdefault(network.prefixlen, {})
            level.setdefault(int(network.network_address), value)
        for version, levels in self._levels.items():
            self._levels[version] = dict(sorted(levels.items(), reverse=True))

    def find(self, address: Address) -> T | None:
        number, width = int(address), address.max_prefixlen
        for length, networks in self._levels[address.version].items():
            shift = width - length
            found = networks.get(number >> shift << shift)
            if found is not None:
                return found
        return None


def parse(text: str) -> Address | None:
    """An address; one of IPv4 that is written as IPv6 becomes IPv4. None where it is none or unspecified."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return None if address.is_unspecified else address


@cache
def _marked(networks: tuple[str, ...]) -> Prefixes[bool]:
    return Prefixes((ipaddress.ip_network(network), True) for network in networks)


def private(address: Address) -> bool:
    """Whether an address never leaves the network that it is used in."""
    return _marked(_PRIVATE).find(address) is not None


def reserved(address: Address) -> bool:
    """Whether an address belongs to nobody on the Internet."""
    return _marked(_RESERVED).find(address) is not None


def anycast(address: Address) -> bool:
    """Whether an address is known to be announced from many countries at once."""
    return _marked(_ANYCAST).find(address) is not None
