"""A bucket of an S3-compatible server, or what lies under a prefix of it, by boto3."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tongguan.capture.limits import Limits
from tongguan.capture.stores.addresses import Address
from tongguan.capture.stores.contents import contents_of, media_type_of
from tongguan.capture.stores.units import FileUnit, Unread, Unseen
from tongguan.errors import BadInput, Missing, TongguanError, Unavailable
from tongguan.model import Content
from tongguan.wording import readable

__all__ = ["ObjectStore"]

CONNECT_S, READ_S, TRIES = 5, 60, 4
PIECE = 1 << 20
ARCHIVED = ("GLACIER", "DEEP_ARCHIVE")


class ObjectStore:
    """Objects under a prefix, each downloaded to be read: small ones in memory, larger ones through a file.

    Credentials: TONGGUAN_S3_ACCESS_KEY and TONGGUAN_S3_SECRET_KEY, else whatever boto3 finds (AWS_ACCESS_KEY_ID …, its
    files, the machine's role). Raises BadInput (no bucket, refused), Missing (boto3), Unavailable.
    """

    kind = "s3"

    def __init__(self, address: Address, limits: Limits | None = None) -> None:
        self.name = address.name
        self._bucket, self._prefix = address.bucket, address.prefix
        self._limits = limits or Limits()
        self._client = _client(address)
        with self._asking():
            self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)

    def __enter__(self) -> ObjectStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def size(self) -> int:
        try:
            return sum(int(found["Size"]) for found in self._listing())
        except Unread:
            return 0

    def units(self) -> Iterator[FileUnit | Unseen]:
        for found in self._listing():
            key, size = str(found["Key"]), int(found["Size"])
            where = readable(key)
            if key.endswith("/") and size == 0:
                continue  # stands for a folder
            if str(found.get("StorageClass")) in ARCHIVED:
                yield Unseen("archived", where, size=size)
                continue
            changed = found["LastModified"].timestamp()
            mark = f"{size}/{found.get('ETag', '')}/{changed}"
            name = key.rpartition("/")[2]
            yield FileUnit(where, readable(name), size, changed, mark, partial(self._opened, key, where, size))

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
    def _opened(self, key: str, where: str, size: int) -> Iterator[Iterator[Content]]:
        """The object's contents; a file that it went through is removed at the end."""
        if size <= self._limits.slice:
            data = self._bytes(key, where)
            yield iter((Content(readable(key.rpartition("/")[2]), media_type_of(key), len(data), data),))
            return
        if size > self._limits.disk:
            raise Unread(Unseen("too_large", where, f"over {self._limits.disk >> 20} MB", size=size))
        with tempfile.TemporaryDirectory(prefix="tongguan-object-") as folder:
            path = Path(folder, "object" + Path(key.rpartition("/")[2]).suffix[:20].replace("\0", ""))
            with self._reading(where):
                self._client.download_file(self._bucket, key, str(path))
            yield contents_of(path, where, self._limits)

    def _bytes(self, key: str, where: str) -> bytes:
        with self._reading(where):
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
            with body:
                data: bytes = body.read(self._limits.slice + 1)  # it may have grown since it was listed
        return data

    @contextmanager
    def _reading(self, where: str) -> Iterator[None]:
        """Turn the client's errors into what could not be seen."""
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        try:
            yield
        except ClientError as error:
            raise Unread(_unseen(error.response, where)) from None
        except (BotoCoreError, HTTPError):
            raise Unread(Unseen("dropped", where)) from None

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Turn the client's errors into ours; they hold no secrets, and neither do ours."""
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
        from urllib3.exceptions import HTTPError

        try:
            yield
        except ClientError as error:
            status, code = _code(error.response)
            if code == "NoSuchBucket":
                raise BadInput(f"{self.name}: no such bucket") from None
            if status in (401, 403):
                raise BadInput(f"{self.name} refuses us: {code}; are the keys and their rights as needed?") from None
            raise Unavailable(f"{self.name} could not do it: {code}; it may be tried again") from None
        except NoCredentialsError:
            raise BadInput(f"{self.name}: no keys; set TONGGUAN_S3_ACCESS_KEY and TONGGUAN_S3_SECRET_KEY") from None
        except (BotoCoreError, HTTPError) as error:
            raise Unavailable(f"{self.name} does not answer: {type(error).__name__}") from None


def _code(response: Any) -> tuple[int, str]:
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return status, str(response.get("Error", {}).get("Code", status))[:60]


def _unseen(response: Any, where: str) -> Unseen:
    status, code = _code(response)
    if code == "InvalidObjectState":
        return Unseen("archived", where)
    if status == 404:
        return Unseen("vanished", where)
    if status in (401, 403):
        return Unseen("permission", where, code)
    if status == 400:
        return Unseen("encrypted", where, code)  # under a key that only its owner has
    return Unseen("failed", where, code)


def _client(address: Address) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ModuleNotFoundError:
        raise Missing("boto3 is not installed; `pip install tongguan[s3]`") from None
    config = Config(
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        retries={"total_max_attempts": TRIES, "mode": "standard"},
        s3={"addressing_style": "path" if address.endpoint else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        return boto3.session.Session().client(
            "s3",
            endpoint_url=address.endpoint,
            region_name=address.region or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
            aws_access_key_id=os.environ.get("TONGGUAN_S3_ACCESS_KEY"),
            aws_secret_access_key=os.environ.get("TONGGUAN_S3_SECRET_KEY"),
            config=config,
        )
    except ValueError:
        raise BadInput("the endpoint is no URL; expected https://host[:port]") from None
