"""`python -m tongguan.cli` is `tongguan`."""

import sys

from tongguan.cli.main import main

sys.exit(main())
