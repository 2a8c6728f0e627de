"""Blobs as objects of an S3-compatible server (Amazon S3, OpenStack Swift, Ceph, MinIO …), by boto3.

A blob is sealed into a draft on this machine first: only then is its name known, and it may turn out to be there
already. Objects are put only where none is (If-None-Match), in parts where they are big, each part with its MD5 for the
server to check, and asked after when done. Settings name the environment variables of the credentials.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from tongguan.errors import BadSettings, CannotWrite, NotFound, TongguanError, Unavailable
from tongguan.s3_client import s3_client
from tongguan.trust.evidence.stores.drafts import DraftFile, drafting, tidy_drafts
from tongguan.trust.evidence.stores.store import Draft, Stored, is_name, place_of
from tongguan.trust.settings import EvidenceStore, secret_of

__all__ = ["S3Store"]

PART = 16 << 20  # bytes; a server takes up to 10,000 parts
PARTS = 9_000
ABANDONED = timedelta(days=1)  # after which an upload in parts is taken for a dead process's
CONNECT_S, READ_S, TRIES = 5, 60, 3


class S3Store:
    """Blobs in a bucket, which is there already. `folder`: on this machine, for drafts (sealed). Threads may share it.

    Raises BadSettings (no bucket, no credentials), Missing (boto3), CannotWrite, Unavailable.
    """

    def __init__(self, settings: EvidenceStore, folder: Path) -> None:
        if not settings.bucket:
            raise BadSettings("settings: evidence: bucket is missing; an S3 store needs one")
        self._bucket = settings.bucket
        self._prefix = settings.prefix.strip("/") + "/" if settings.prefix.strip("/") else ""
        self.name = f"{settings.endpoint or 'Amazon S3'} bucket {settings.bucket}"
        self._client = _client(settings)
        self._drafts = folder / "drafts"
        try:
            self._drafts.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CannotWrite(f"cannot write evidence to {folder}: {error.strerror}") from None
        try:
            with self._asking():
                self._client.head_bucket(Bucket=self._bucket)
        except NotFound:
            raise BadSettings(
                f"{self.name} is not there; make it first, with versions or object lock as you need"
            ) from None
        tidy_drafts(self._drafts)

    def draft(self) -> AbstractContextManager[DraftFile]:
        return drafting(self._drafts)

    def keep(self, draft: Draft, name: str) -> None:
        assert isinstance(draft, DraftFile)
        key = self._key(name)
        try:
            draft.finish()
        except OSError as error:
            raise CannotWrite(f"cannot write evidence to {self._drafts}: {error.strerror}; is its disk full?") from None
        with self._asking(), draft.path.open("rb") as file:
            if draft.size <= PART:
                self._put(key, file.read())
            else:
                self._put_parts(key, file, max(PART, -(-draft.size // PARTS)))
        if (size := self.size(name)) != draft.size:
            raise Unavailable(f"{self.name} has {size} bytes of a blob of {draft.size}; nothing was kept")

    def keep_many(self, drafts: Sequence[tuple[Draft, str]]) -> None:
        for draft, name in drafts:
            self.keep(draft, name)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        with self._asking():
            body = self._client.get_object(Bucket=self._bucket, Key=self._key(name))["Body"]
        try:
            yield io.BufferedReader(_Download(body, self._asking), 1 << 20)
        finally:
            body.close()

    def size(self, name: str) -> int | None:
        try:
            with self._asking():
                return int(self._client.head_object(Bucket=self._bucket, Key=self._key(name))["ContentLength"])
        except NotFound:
            return None

    def remove(self, name: str) -> None:
        with suppress(NotFound), self._asking():
            self._client.delete_object(Bucket=self._bucket, Key=self._key(name))

    def blobs(self, after: str = "") -> Iterator[Stored]:
        start = self._key(after) if is_name(after) else self._prefix + after
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix, StartAfter=start
        )
        with self._asking():
            for page in pages:
                for found in page.get("Contents", ()):
                    place = str(found["Key"])[len(self._prefix) :]
                    name = place.rpartition("/")[2]
                    ours = is_name(name) and place == "/".join(place_of(name))
                    yield Stored(name if ours else place, int(found["Size"]), found["LastModified"].timestamp())

    def tidy(self) -> int:
        """Drafts of dead processes, and uploads in parts that nobody finished for a day."""
        removed = tidy_drafts(self._drafts)
        with self._asking():
            found = self._client.list_multipart_uploads(Bucket=self._bucket, Prefix=self._prefix)
            for upload in found.get("Uploads", ()):
                if datetime.now(UTC) - upload["Initiated"] > ABANDONED:
                    where = {"Bucket": self._bucket, "Key": upload["Key"], "UploadId": upload["UploadId"]}
                    self._client.abort_multipart_upload(**where)
                    removed += 1
        return removed

    # ---- within

    def _key(self, name: str) -> str:
        return self._prefix + "/".join(place_of(name))

    def _put(self, key: str, data: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentMD5=_md5(data), IfNoneMatch="*")

    def _put_parts(self, key: str, file: BinaryIO, size: int) -> None:
        where = {"Bucket": self._bucket, "Key": key}
        where["UploadId"] = self._client.create_multipart_upload(**where)["UploadId"]
        try:
            parts: list[dict[str, Any]] = []
            while data := file.read(size):
                number = len(parts) + 1
                put = self._client.upload_part(**where, PartNumber=number, Body=data, ContentMD5=_md5(data))
                parts.append({"PartNumber": number, "ETag": put["ETag"]})
            self._client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
        except BaseException:
            with suppress(Exception):  # the server may be what failed; `tidy` tries again
                self._client.abort_multipart_upload(**where)
            raise

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Turn the client's errors into ours; they hold no secrets, and neither do ours."""
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        try:
            yield
        except ClientError as error:
            raise self._refused(error.response) from None
        except (BotoCoreError, HTTPError) as error:
            raise Unavailable(
                f"{self.name} does not answer: {type(error).__name__}; is it running and reachable?"
            ) from None

    def _refused(self, response: Any) -> TongguanError:
        status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        code = str(response.get("Error", {}).get("Code", status))[:60]
        if code in ("NoSuchBucket", "NoSuchKey") or status == 404:
            return NotFound(f"{self.name} has no such blob: {code}")
        if status in (401, 403):
            return BadSettings(f"{self.name} refuses us: {code}; are the access key and its rights as they should be?")
        return Unavailable(f"{self.name} could not do it: {code}; it may be tried again")


class _Download(io.RawIOBase):
    """The body of an answer as a file."""

    def __init__(self, body: Any, asking: Callable[[], AbstractContextManager[None]]) -> None:
        self._body = body
        self._asking = asking

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        with self._asking():
            data = self._body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _client(settings: EvidenceStore) -> Any:
    keys = secret_of(settings.access_key_env), secret_of(settings.secret_key_env)
    given = keys if all(keys) else ("-", "-")  # what is absent is told below, where boto3 is there to need it
    try:
        client = s3_client(settings.endpoint, settings.region, given, connect_s=CONNECT_S, read_s=READ_S, tries=TRIES)
    except ValueError:
        raise BadSettings("settings: evidence: endpoint is no URL; expected https://host[:port]") from None
    if not all(keys):
        absent = settings.secret_key_env if keys[0] else settings.access_key_env
        raise BadSettings(f"the environment variable {absent} is not set; the S3 store needs it")
    return client


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
