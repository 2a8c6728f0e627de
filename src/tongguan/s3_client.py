"""One way to ask S3-compatible servers, for evidence and for stores alike."""

from __future__ import annotations

from typing import Any

from tongguan.errors import Missing

__all__ = ["s3_client"]


def s3_client(
    endpoint: str | None, region: str | None, keys: tuple[str | None, str | None], *, connect_s: int, read_s: int,
    tries: int,
) -> Any:  # fmt: skip
    """A client of boto3; `keys`: access key and secret key, None for whatever boto3 finds.

    Raises Missing, and ValueError where the endpoint is no URL.
    """
    try:
        import boto3
        from botocore.config import Config
    except ModuleNotFoundError:
        raise Missing("boto3 is not installed; install it with: pip install 'tongguan[s3]'") from None
    config = Config(
        connect_timeout=connect_s,
        read_timeout=read_s,
        retries={"total_max_attempts": tries, "mode": "standard"},
        s3={"addressing_style": "path" if endpoint else "auto"},
        # Not every server knows the newer checksums; parts are checked by MD5 where they are put.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    access, secret = keys
    return boto3.session.Session().client(
        "s3", endpoint_url=endpoint, region_name=region, aws_access_key_id=access, aws_secret_access_key=secret,
        config=config,
    )  # fmt: skip
