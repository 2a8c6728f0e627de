"""What the service may be led to by those who register sources: folders beneath allowed roots, servers that are neither
this machine nor a place where clouds hand out credentials. Settings may allow more, and the terminal is not bound.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tongguan.errors import BadInput, BadSettings, Unavailable
from tongguan.wording import readable, wording

__all__ = ["Reach"]

_texts = wording("tongguan.casework.assets")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Host = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA = tuple(
    ipaddress.ip_network(text)
    for text in (
        "100.100.100.200/32",  # Alibaba Cloud
        "168.63.129.16/32",  # Azure
        "192.0.0.192/32",  # Oracle Cloud
        "fd00:ec2::254/128",  # AWS
        "fd20:ce::254/128",  # Google Cloud
    )
)
"""Where clouds answer to their machines; most others lie in 169.254.0.0/16, which is link-local."""


class Reach:
    """What may be reached. `roots`, `networks`: as settings have them; `home`: where our own records lie.

    Raises BadSettings for a network that is none.
    """

    def __init__(self, roots: Sequence[str], networks: Sequence[str], home: Path) -> None:
        self._roots = tuple(Path(os.path.realpath(root)) for root in roots)
        self._home = Path(os.path.realpath(home))
        self._allowed = tuple(_network(text) for text in networks)

    @property
    def roots(self) -> tuple[str, ...]:
        """For people who choose a folder."""
        return tuple(map(str, self._roots))

    def place(self, text: str, *, folder: bool) -> Path:
        """A folder, or a plain file, beneath a root, with links resolved. Raises BadInput; what lies elsewhere is
        refused alike whether it is there or not."""
        if not text.startswith("/") or "\0" in text:
            raise BadInput(_texts.both("path.text"))
        try:
            found = Path(os.path.realpath(text))
        except (OSError, ValueError):
            raise BadInput(_texts.both("path.text")) from None
        if not any(found.is_relative_to(root) for root in self._roots):
            if not self.roots:
                raise BadInput(_texts.both("path.no_roots"))
            raise BadInput(_texts.both("path.beyond", where=", ".join(map(readable, self.roots))))
        if found.is_relative_to(self._home) or self._home.is_relative_to(found):
            raise BadInput(_texts.both("path.own"))
        if not (found.is_dir() if folder else found.is_file()):
            raise BadInput(_texts.both("path.no_folder" if folder else "path.no_file"))
        return found

    def addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of a server. Raises BadInput where one of them may not be reached, Unavailable where the name
        has none."""
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Unavailable(_texts.both("host.unknown", host=readable(host[:200]))) from None
        addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
        self._hold(host, addresses)
        return addresses

    def literal(self, host: str) -> None:
        """Refuse an address that may not be reached and is written as one, in whatever notation the system's resolver
        takes (127.1, 0x7f.1, 2130706433): without asking for names. Raises BadInput."""
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except (OSError, UnicodeError):
            return  # a name
        self._hold(host, [str(entry[4][0]) for entry in found])

    def _hold(self, host: str, addresses: Iterable[str]) -> None:
        """Raises BadInput where one of them may not be reached."""
        if refused := [address for address in addresses if not self.allows(address)]:
            raise BadInput(_texts.both("host.refused", host=readable(host[:200]), address=refused[0]))

    def allows(self, address: str) -> bool:
        """Whether one address may be reached."""
        try:
            known = _plain(ipaddress.ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        if any(known in network for network in self._allowed):
            return True
        own = known.is_loopback or known.is_link_local or known.is_unspecified or known.is_multicast
        broadcast = known == ipaddress.ip_address("255.255.255.255")
        return not (own or broadcast or any(known in network for network in METADATA))

    def guard(self) -> None:
        """From now on this process connects to nothing else: also where a name changes its address, or a server sends
        us on. Cannot be undone. Drivers that open sockets in C are told an address instead of a name."""
        sys.addaudithook(_hook(self.allows))


def _hook(allows: Callable[[str], bool]) -> Callable[[str, tuple[Any, ...]], None]:
    def hook(event: str, given: tuple[Any, ...]) -> None:
        if event not in ("socket.connect", "socket.sendto"):
            return
        target = given[1]
        if isinstance(target, tuple) and not allows(str(target[0])):  # a name is refused: it was to be looked up before
            raise ConnectionRefusedError("assets.networks in settings.yaml does not allow this address")

    return hook


def _plain(address: Host) -> Host:
    """An address of IPv4 that is written as one of IPv6 (mapped, 6to4, NAT64) is that address."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in ipaddress.ip_network("64:ff9b::/96"):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise BadSettings(f"settings: assets.networks: {text!r} is no network; expected 127.0.0.0/8") from None
