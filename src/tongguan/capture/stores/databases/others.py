"""Databases that are reached by what others make: which, and how to get it."""

from __future__ import annotations

from typing import Final

from tongguan.capture.stores.refusals import TEXTS
from tongguan.errors import BadInput, Missing, TongguanError

__all__ = ["asynchronous", "no_dialect", "no_driver"]

_OURS: Final = {"psycopg": "'tongguan[postgresql]'", "pymysql": "'tongguan[mysql]'"}
_DRIVERS: Final = {  # module → package, where they have other names
    "MySQLdb": "mysqlclient", "mysql": "mysql-connector-python", "firebird": "firebird-driver", "fdb": "fdb",
    "hdbcli": "hdbcli", "ibm_db": "ibm_db",
}  # fmt: skip
_SPEAKS: Final = {
    "postgresql": ("kingbase", "kingbase8", "kingbasees", "gaussdb", "vastbase", "highgo", "polardb", "uxdb",
                   "hologres", "tbase", "greenplum"),
    "mysql": ("oceanbase", "tidb", "goldendb", "tdsql", "polardbx", "gbase", "gbase8a", "stonedb", "aurora"),
}  # fmt: skip
# By its scheme, what brings a dialect to SQLAlchemy; names as their makers gave them.
_DIALECTS: Final = {
    "dm": "dmSQLAlchemy dmPython", "dameng": "dmSQLAlchemy dmPython", "opengauss": "opengauss-sqlalchemy",
    "gbase8s": "gbase8s-sqlalchemy",
    "starrocks": "starrocks", "doris": "pydoris", "odps": "pyodps", "maxcompute": "pyodps", "kylin": "kylinpy",
    "taos": "taospy", "taosws": "taospy", "iotdb": "apache-iotdb", "databend": "databend-sqlalchemy",
    "clickhouse": "clickhouse-sqlalchemy", "clickhousedb": "clickhouse-connect", "chdb": "chdb-sqlalchemy",
    "hive": "'pyhive[hive]'", "presto": "'pyhive[presto]'", "trino": "trino", "impala": "impyla",
    "snowflake": "snowflake-sqlalchemy", "bigquery": "sqlalchemy-bigquery", "redshift": "sqlalchemy-redshift",
    "awsathena": "pyathena", "databricks": "databricks-sqlalchemy", "spanner": "sqlalchemy-spanner",
    "db2": "ibm-db-sa", "ibm_db_sa": "ibm-db-sa", "informix": "ibm-db-sa", "hana": "sqlalchemy-hana",
    "teradatasql": "teradatasqlalchemy", "vertica": "vertica-sqlalchemy-dialect", "exa": "sqlalchemy-exasol",
    "netezza": "nzalchemy", "sybase": "sqlalchemy-sybase", "access": "sqlalchemy-access",
    "firebird": "sqlalchemy-firebird", "cockroachdb": "sqlalchemy-cockroachdb", "crate": "sqlalchemy-cratedb",
    "monetdb": "sqlalchemy-monetdb", "singlestoredb": "sqlalchemy-singlestoredb", "drill": "sqlalchemy-drill",
    "druid": "pydruid", "elasticsearch": "elasticsearch-dbapi", "ydb": "ydb-sqlalchemy", "yql": "ydb-sqlalchemy",
}  # fmt: skip


def no_driver(module: str) -> Missing:
    """A driver for which SQLAlchemy has a dialect is not installed."""
    module = module.partition(".")[0]
    package = _OURS.get(module) or _DRIVERS.get(module, module)
    return Missing(TEXTS.both("driver.missing", module=module, command=f"pip install {package}"))


def no_dialect(name: str) -> TongguanError:
    """No dialect that is installed reads an address; `name`: the address without secrets."""
    scheme = name.partition(":")[0].partition("+")[0].lower()
    if package := _DIALECTS.get(scheme):
        return Missing(TEXTS.both("dialect.missing", name=name, command=f"pip install {package}"))
    for spoken, those in _SPEAKS.items():
        if scheme in those:
            return BadInput(TEXTS.both("dialect.speaks", name=name, spoken=spoken))
    return BadInput(TEXTS.both("dialect.none", name=name))


def asynchronous(name: str) -> BadInput:
    """The driver that an address names answers to nobody who waits."""
    return BadInput(TEXTS.both("dialect.async", name=name))
