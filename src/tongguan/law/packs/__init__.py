"""Lists of zones and regions as data packs: one dated YAML file a list, written by those who read it.

    text ─► reading (safe YAML with lines) ─► shape (what is wrong) ─► zone_list (as values) ─► book
                                                                                │
                                    checking (`tongguan law check`) ◄───────────┴─► listing, telling

The book reads the packs of this package's data and those of a folder that `TONGGUAN_LAW_PACKS` names (`shelf`).
"""
