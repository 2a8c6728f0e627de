"""Groups that grow edge by edge: each node knows a lesser one of its group, or is the least itself."""

from __future__ import annotations

from numba import njit, types

__all__ = ["flatten", "unite"]

_NODES = types.int32[::1]


@njit
def _root(root, node):  # type: ignore[no-untyped-def]
    while root[node] != node:
        root[node] = root[root[node]]
        node = root[node]
    return node


@njit(types.void(_NODES, _NODES, _NODES), cache=True)
def unite(root, left, right):  # type: ignore[no-untyped-def]
    """Union by edges; the lesser root stays."""
    for i in range(len(left)):
        a, b = _root(root, left[i]), _root(root, right[i])
        if a < b:
            root[b] = a
        else:
            root[a] = b


@njit(types.void(_NODES), cache=True)
def flatten(root):  # type: ignore[no-untyped-def]
    """Each node knows the least of its group."""
    for node in range(len(root)):
        root[node] = _root(root, node)
