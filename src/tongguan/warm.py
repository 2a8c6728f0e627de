"""Compiles what runs compiled, once and for all: `python -m tongguan.warm`, a step of the set-up."""

from __future__ import annotations

from tongguan import identify
from tongguan.capture import traffic


def main() -> None:
    """Compile the kernels of all rooms; what is compiled is kept beside the code for later runs."""
    from tongguan.border import bundles  # noqa: F401 - its kernels are compiled as it is loaded

    traffic.compile_kernels()
    identify.compile_kernels()


if __name__ == "__main__":
    main()
