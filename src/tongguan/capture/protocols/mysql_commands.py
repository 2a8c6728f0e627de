"""Commands of MySQL, and what a connection agreed on."""

from __future__ import annotations

from dataclasses import dataclass, field

from tongguan.capture.protocols.mysql_statement import Prepared

__all__ = [
    "CHANGE_USER",
    "CLOSE",
    "EXECUTE",
    "FETCH",
    "FIELD_LIST",
    "INIT_DB",
    "LONG_DATA",
    "NAMES",
    "PREPARE",
    "QUERY",
    "QUIT",
    "Agreed",
    "Command",
]

QUIT, INIT_DB, QUERY, FIELD_LIST, CHANGE_USER = 1, 2, 3, 4, 17
PREPARE, EXECUTE, LONG_DATA, CLOSE, FETCH = 22, 23, 24, 25, 28
_ALL = (
    "sleep quit init_db query field_list create_db drop_db refresh shutdown statistics process_info connect "
    "process_kill debug ping time delayed_insert change_user binlog_dump table_dump connect_out register_slave "
    "stmt_prepare stmt_execute stmt_send_long_data stmt_close stmt_reset set_option stmt_fetch daemon "
    "binlog_dump_gtid reset_connection"
)
NAMES = _ALL.split(" ")


@dataclass(slots=True)
class Command:
    """One command under way. `number` counts them from 1; its answer may hold a request for a file (`infile`)."""

    number: int
    code: int
    ts: float
    argument: str = ""
    operation: str = ""
    prepared: Prepared | None = None
    answers: int = 0  # exchanges given
    infile: bytearray | None = None


@dataclass(slots=True)
class Agreed:
    """What the connection agreed on."""

    server_flags: int = 0
    client_flags: int = 0
    user: str | None = None
    database: str | None = None
    prepared: dict[int, Prepared] = field(default_factory=dict)
    encoding: str = "utf-8"
