"""A bucket of an S3-compatible server, or what lies under a prefix of it, by boto3."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

from tongguan.capture.limits import Limits
from tongguan.capture.stores import columnar
from tongguan.capture.stores.addresses import Address
from tongguan.capture.stores.columnar import Opened
from tongguan.capture.stores.contents import media_type_of
from tongguan.capture.stores.embedded import Local, let_go
from tongguan.capture.stores.ranged import opened_ranges
from tongguan.capture.stores.refusals import TEXTS, unreachable
from tongguan.capture.stores.shelf import Shelf, ShelfOwner
from tongguan.capture.stores.tabular import FIRST, LEAST, with_tables
from tongguan.capture.stores.units import FileUnit, Unit, Unread, Unseen
from tongguan.errors import BadInput, Missing, TongguanError, Unavailable
from tongguan.model import Content
from tongguan.s3_client import s3_client
from tongguan.wording import readable

__all__ = ["ObjectStore"]

CONNECT_S, READ_S, TRIES = 5, 60, 4
TABLES = (".parquet", ".parq", ".arrow", ".feather", ".db", ".db3", ".sqlite", ".sqlite3", ".duckdb", ".ddb")
KEPT = 4  # times the largest object: as much is kept of databases whose tables are still to be read
_REFUSED: Final = {
    "NoSuchBucket": "bucket.none",
    **dict.fromkeys(("PermanentRedirect", "AuthorizationHeaderMalformed", "301"), "bucket.region"),
    **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch"), "bucket.key"),
}
ARCHIVED = ("GLACIER", "DEEP_ARCHIVE")


class ObjectStore:
    """Objects under a prefix, each downloaded to be read: small ones in memory, larger ones through a file.

    Credentials: TONGGUAN_S3_ACCESS_KEY and TONGGUAN_S3_SECRET_KEY, else whatever boto3 finds (AWS_ACCESS_KEY_ID …, its
    files, the machine's role). Raises BadInput (no bucket, refused), Missing (boto3), Unavailable.
    """

    kind = "s3"

    def __init__(self, address: Address, limits: Limits | None = None) -> None:
        self._address = address
        self.name = address.name
        self._bucket, self._prefix = address.bucket, address.prefix
        self._limits = limits or Limits()
        self._client = _client(address)
        with self._asking():
            self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)
        self._owner = ShelfOwner(KEPT * self._limits.disk)

    def __enter__(self) -> ObjectStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        let_go()
        columnar.let_go()
        self._owner.close()
        self._client.close()

    def size(self) -> int:
        try:
            return sum(int(found["Size"]) for found in self._listing())
        except Unread:
            return 0

    def units(self) -> Iterator[Unit | Unseen]:
        """Objects whose names say so are looked into for tables: to ask for the first bytes of all would cost."""
        return with_tables(self._objects(), self._first, self._local, self._ranges)

    def _objects(self) -> Iterator[FileUnit | Unseen]:
        for found in self._listing():
            key, size = str(found["Key"]), int(found["Size"])
            where = readable(key)
            if key.endswith("/") and size == 0:
                continue  # stands for a folder
            if str(found.get("StorageClass")) in ARCHIVED:
                yield Unseen("archived", where, size=size)
                continue
            changed = found["LastModified"].timestamp()
            tag = str(found.get("ETag", ""))
            mark = f"{size}/{tag}/{changed}"
            one = _Object(self._address, self._limits, self._owner.shelf, key, where, size, tag, mark)
            yield FileUnit(where, readable(key.rpartition("/")[2]), size, changed, mark, partial(_opened, one))

    def _first(self, unit: FileUnit) -> bytes:
        if not unit.name.lower().endswith(TABLES) or unit.size < LEAST:
            return b""
        one = _object_of(unit)
        try:
            return one.part(self._client, 0, min(FIRST, unit.size))
        except Unread:
            return b""  # reading it as a file will tell why

    def _local(self, unit: FileUnit) -> Local:
        return partial(_kept, _object_of(unit))

    def _ranges(self, unit: FileUnit) -> Opened:
        return partial(_ranged, _object_of(unit))

    def _listing(self) -> Iterator[dict[str, Any]]:
        """Page by page. Raises Unread where the server goes away in the middle."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        try:
            with self._asking():
                for page in pages:
                    yield from page.get("Contents", ())
        except TongguanError:
            raise Unread(Unseen("dropped", ""), rest=True) from None

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Turn the client's errors into ours; they hold no secrets, and neither do ours."""
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
        from urllib3.exceptions import HTTPError

        try:
            yield
        except ClientError as error:
            status, code = _code(error.response)
            key = _REFUSED.get(code) or ("bucket.rights" if status in (401, 403) else None)
            if key is None:
                raise Unavailable(TEXTS.both("bucket.failed", name=self.name, code=code)) from None
            raise BadInput(TEXTS.both(key, name=self.name, code=code)) from None
        except NoCredentialsError:
            raise BadInput(TEXTS.both("bucket.no_keys", name=self.name)) from None
        except (BotoCoreError, HTTPError) as error:
            said = f"{error} {getattr(error, 'kwargs', {}).get('error', '')}"  # the reason of the layer below
            raise unreachable(self.name, said, type(error).__name__) from None


def _code(response: Any) -> tuple[int, str]:
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return status, str(response.get("Error", {}).get("Code", status))[:60]


def _unseen(response: Any, where: str) -> Unseen:
    status, code = _code(response)
    if code == "InvalidObjectState":
        return Unseen("archived", where)
    if status in (404, 412):  # gone, or another content in its place
        return Unseen("vanished", where)
    if status in (401, 403):
        return Unseen("permission", where, code)
    if status == 400:
        return Unseen("encrypted", where, code)  # under a key that only its owner has
    return Unseen("failed", where, code)


def _client(address: Address) -> Any:
    keys = (os.environ.get("TONGGUAN_S3_ACCESS_KEY"), os.environ.get("TONGGUAN_S3_SECRET_KEY"))
    region = address.region or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    try:
        return s3_client(address.endpoint, region, keys, connect_s=CONNECT_S, read_s=READ_S, tries=TRIES)
    except Missing:
        raise Missing(TEXTS.both("driver.missing", module="boto3", command="pip install 'tongguan[s3]'")) from None
    except ValueError:
        raise BadInput(TEXTS.both("endpoint.text")) from None


# ---- one object, also in another process


@dataclass(frozen=True, slots=True)
class _Object:
    address: Address
    limits: Limits
    shelf: Shelf
    key: str
    where: str
    size: int
    tag: str  # of its content
    mark: str

    def part(self, client: Any, start: int, size: int) -> bytes:
        """Raises Unread, also where another content took its place."""
        with _reading(self.where):
            asked = {"Range": f"bytes={start}-{start + size - 1}"} | ({"IfMatch": self.tag} if self.tag else {})
            body = client.get_object(Bucket=self.address.bucket, Key=self.key, **asked)["Body"]
            with body:
                data: bytes = body.read(size)
        return data


def _object_of(unit: FileUnit) -> _Object:
    assert isinstance(unit.open, partial) and isinstance(unit.open.args[0], _Object)
    return unit.open.args[0]


@lru_cache(maxsize=8)
def _client_here(address: Address) -> Any:
    return _client(address)


@contextmanager
def _opened(one: _Object) -> Iterator[Iterator[Content]]:
    """The object's contents; a file that it went through is removed at the end."""
    name = readable(one.key.rpartition("/")[2])
    if one.size <= one.limits.slice:
        with _reading(one.where):
            body = _client_here(one.address).get_object(Bucket=one.address.bucket, Key=one.key)["Body"]
            with body:
                data: bytes = body.read(one.limits.slice + 1)  # it may have grown since it was listed
        yield iter((Content(name, media_type_of(name), len(data), data),))
        return
    with _fetched(one) as path:
        yield iter((Content(name, media_type_of(name), path.stat().st_size, path),))


@contextmanager
def _fetched(one: _Object) -> Iterator[Path]:
    """The object as a file of this machine, which only we can read, for as long as it is read. Raises Unread."""
    with tempfile.TemporaryDirectory(dir=one.shelf.folder) as folder:
        path = Path(folder, "object" + Path(one.key.rpartition("/")[2]).suffix[:20].replace("\0", ""))
        _fetch(one, path)
        yield path


@contextmanager
def _kept(one: _Object) -> Iterator[Path]:
    """The same, fetched once for all processes that read something of it. Raises Unread."""
    with ExitStack() as stack:
        with _reading(one.where):
            kept = one.shelf.file(f"{one.key}\0{one.mark}", one.size, partial(_fetch, one))
            path = stack.enter_context(kept)
        yield path


@contextmanager
def _ranged(one: _Object) -> Iterator[BufferedReader]:
    """The object as a file of which parts are read. What cannot be read of it raises Unread."""
    with opened_ranges(one.size, partial(one.part, _client_here(one.address))) as file:
        yield file


def _fetch(one: _Object, into: Path) -> None:
    """Raises Unread."""
    if one.size > one.limits.disk:
        raise Unread(Unseen("too_large", one.where, f"over {one.limits.disk >> 20} MB", size=one.size))
    with _reading(one.where):
        _client_here(one.address).download_file(one.address.bucket, one.key, str(into))


@contextmanager
def _reading(where: str) -> Iterator[None]:
    """Turn the client's errors into what could not be seen."""
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ClientError as error:
        raise Unread(_unseen(error.response, where)) from None
    except (BotoCoreError, HTTPError):
        raise Unread(Unseen("dropped", where)) from None
    except OSError as error:
        raise Unread(Unseen("failed", where, error.strerror or type(error).__name__)) from None
