"""The tables of the catalogue. Times are seconds since the epoch in UTC; lists and samples are JSON."""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["METADATA", "SCHEMA", "blinds", "changes", "columns", "meta", "scans", "sources", "under_way", "units"]

METADATA = sa.MetaData()
SCHEMA = 2

meta = sa.Table(
    "meta",
    METADATA,
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("rules", sa.Text),  # digest of the rules that all units were last held against
)

sources = sa.Table(
    "sources",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),  # without secrets
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("first_seen", sa.Float, nullable=False),
    sa.Column("last_scan", sa.Integer),  # the last that came to its end
)

scans = sa.Table(
    "scans",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", sa.ForeignKey("sources.id"), nullable=False, index=True),
    sa.Column("started", sa.Float, nullable=False),
    sa.Column("finished", sa.Float),  # NULL: under way, or interrupted
    sa.Column("complete", sa.Boolean, nullable=False),  # False: the source went away before its end
    sa.Column("options", sa.Text, nullable=False),
    sa.Column("counts", sa.JSON),  # read, unchanged, unread, …
)

units = sa.Table(
    "units",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", sa.ForeignKey("sources.id"), nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # table, file
    sa.Column("schema", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),  # bytes, 0 where unknown
    sa.Column("rows", sa.Integer),
    sa.Column("mark", sa.Text),  # equal marks: nothing changed. NULL: read again next time
    sa.Column("digest", sa.Text, nullable=False),  # keyed hash of a file's content
    sa.Column("schema_text", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # read, unread (never yet), gone
    sa.Column("change", sa.Text, nullable=False),  # in the last scan: same, new, changed, gone
    sa.Column("level", sa.Text),  # by the rules; what the judge said stands in `found_level`
    sa.Column("found_level", sa.Text),
    sa.Column("document", sa.Text),  # the kind of document that a file is, NULL where that is not known
    sa.Column("document_probability", sa.Float),
    sa.Column("known", sa.JSON, nullable=False),  # registered tables and documents that stand in it
    sa.Column("sensitive", sa.Boolean, nullable=False),
    sa.Column("types", sa.JSON, nullable=False),
    sa.Column("combinations", sa.JSON, nullable=False),
    sa.Column("sample", sa.JSON(none_as_null=True)),
    sa.Column("persons", sa.Integer, nullable=False),
    sa.Column("persons_low", sa.Integer, nullable=False),
    sa.Column("persons_high", sa.Integer, nullable=False),
    sa.Column("first_seen", sa.Float, nullable=False),
    sa.Column("last_seen", sa.Float, nullable=False),
    sa.Column("scan", sa.Integer, nullable=False),  # the last in which it was seen
    sa.Column("read_scan", sa.Integer),  # the last in which it was read
    sa.UniqueConstraint("source", "path"),
)
sa.Index("units_by_scan", units.c.source, units.c.scan)

columns = sa.Table(
    "columns",
    METADATA,
    sa.Column("unit", sa.ForeignKey("units.id"), primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("declared", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("type", sa.Text),
    sa.Column("inside", sa.JSON, nullable=False),
    sa.Column("level", sa.Text),
    sa.Column("sensitive", sa.Boolean, nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("found", sa.Integer, nullable=False),
    sa.Column("samples", sa.JSON, nullable=False),  # masked
    sa.Column("protection", sa.Text, nullable=False),
    sa.Column("why", sa.JSON, nullable=False),
    sa.Column("within", sa.Text, nullable=False),  # the table of a file that it is of
    sa.Column("found_type", sa.Text),
    sa.Column("found_level", sa.Text),
    sa.Column("found_sensitive", sa.Boolean, nullable=False),
    sa.Column("rule", sa.Text),
    sa.Column("class_id", sa.Text),
    sa.Column("correction", sa.Text),
    sa.Column("lapsed", sa.Text),
    sa.Column("left_out", sa.Text),
    sa.Column("no_data", sa.Boolean, nullable=False),
    sqlite_with_rowid=False,
)

blinds = sa.Table(
    "blinds",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", sa.ForeignKey("sources.id"), nullable=False),
    sa.Column("scan", sa.Integer, nullable=False),
    sa.Column("unit", sa.ForeignKey("units.id"), index=True),  # NULL: of what never became a unit
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("where", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
)
sa.Index("blinds_by_source", blinds.c.source, blinds.c.where)

changes = sa.Table(
    "changes",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("scan", sa.ForeignKey("scans.id"), nullable=False, index=True),
    sa.Column("unit", sa.ForeignKey("units.id"), nullable=False, index=True),
    sa.Column("what", sa.Text, nullable=False),  # one of `changes.WHAT`
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text),
)

# Tables that a scan reads whole and has not come to the end of. Catalogues from before it have none until they are
# scanned into; nobody but a scan reads it.
under_way = sa.Table(
    "under_way",
    METADATA,
    sa.Column("source", sa.ForeignKey("sources.id"), primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("scan", sa.Integer, nullable=False),
    sa.Column("reader", sa.Text, nullable=False),  # by what it is judged
    sa.Column("mark", sa.Text),  # the table's, when its first row was read
    sa.Column("place", sa.Text, nullable=False),  # of the last row that the state knows of
    sa.Column("state", sa.LargeBinary, nullable=False),
)
