"""Databases that are reached by what others make: which, and how to get it."""

from __future__ import annotations

from typing import Final

__all__ = ["how_to_read", "package_of"]

_PACKAGES: Final = {  # module → package
    "oracledb": "oracledb",
    "cx_Oracle": "cx_Oracle",
    "pyodbc": "pyodbc",
    "pymssql": "pymssql",
    "aioodbc": "aioodbc",
    "MySQLdb": "mysqlclient",
}
_SPEAKS: Final = {
    "postgresql": ("kingbase", "kingbase8", "kingbasees", "opengauss", "gaussdb", "vastbase", "highgo", "polardb"),
    "mysql": ("oceanbase", "tidb", "goldendb", "tdsql"),
}
_DIALECTS: Final = {
    "dm": "install dmPython and dmSQLAlchemy, which come with Dameng, and name it as dm://user@host:port",
    "dameng": "install dmPython and dmSQLAlchemy, which come with Dameng, and name it as dm://user@host:port",
    "clickhouse": "pip install clickhouse-sqlalchemy",
    "hive": "pip install 'pyhive[hive]'",
    "snowflake": "pip install snowflake-sqlalchemy",
    "db2": "pip install ibm_db_sa",
}


def package_of(module: str) -> str:
    """The command that installs a driver which SQLAlchemy asks for."""
    package = _PACKAGES.get(module)
    return f"pip install {package}" if package else f"install the driver of that database ({module})"


def how_to_read(scheme: str) -> str:
    """What to do about an address for which no dialect is installed."""
    base = scheme.partition("+")[0].lower()
    for spoken, those in _SPEAKS.items():
        if base in those:
            return (
                f"many of these speak the protocol of {spoken}: try {spoken}://user@host:port/database, which nobody"
                " has tried with this one here"
            )
    return _DIALECTS.get(base, "install a dialect of SQLAlchemy for it, if there is one")
