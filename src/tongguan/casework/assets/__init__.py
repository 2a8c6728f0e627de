"""Data assets: scans of stores, and the catalogue of what lies where, of which level, and what changed."""

from tongguan.casework.assets.applying import apply_rules
from tongguan.casework.assets.catalogue import Catalogue
from tongguan.casework.assets.exporting import export, format_of
from tongguan.casework.assets.querying import VIEWS, Filter, rows, totals
from tongguan.casework.assets.scanning import ROWS, ROWS_MOST, Outcome, scan, sealed

__all__ = [
    "ROWS",
    "ROWS_MOST",
    "VIEWS",
    "Catalogue",
    "Filter",
    "Outcome",
    "apply_rules",
    "export",
    "format_of",
    "rows",
    "scan",
    "sealed",
    "totals",
]
