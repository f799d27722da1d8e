"""Where copies are kept: a bucket of any S3-compatible host, or a folder. Names have slashes, as keys do."""

import os
import pathlib
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, cast

from cleanly.entry.backup.errors import BackupFault
from cleanly.entry.backup.settings import BackupSettings

_SECONDS_MAX = 60
_TRIES_MAX = 5


@dataclass(frozen=True, slots=True)
class Stored:
    """One object."""

    name: str
    size: int


class Store(Protocol):
    """What a copy needs of its place. Each method raises BackupFault."""

    def put(self, name: str, path: pathlib.Path) -> None:
        """Store a file; it is there whole, or not at all."""
        ...

    def fetch(self, name: str, path: pathlib.Path) -> None:
        """Copy an object into a file."""
        ...

    def stored(self, prefix: str) -> list[Stored]:
        """Every object beneath a prefix, by name."""
        ...

    def delete(self, name: str) -> None:
        """Forget an object."""
        ...


def open_store(settings: BackupSettings) -> Store:
    """The place that the settings name.

    Raises:
        BackupFault: they name none, or `cleanly[ops]` is not installed.
    """
    if settings.backup_folder is not None:
        return Folder(pathlib.Path(settings.backup_folder))
    if settings.backup_bucket is not None:
        return Bucket(settings, settings.backup_bucket)
    raise BackupFault("there is no place for copies: set BACKUP_BUCKET, or BACKUP_FOLDER")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder: another disk, a mounted share."""

    root: pathlib.Path

    def put(self, name: str, path: pathlib.Path) -> None:
        """Under a name of its own first, so that nobody finds half of it."""
        with _told():
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            making = target.with_name(f".{target.name}.making")
            shutil.copyfile(path, making)
            with making.open("rb") as written:
                os.fsync(written.fileno())
            making.replace(target)

    def fetch(self, name: str, path: pathlib.Path) -> None:
        """Copy it."""
        with _told():
            shutil.copyfile(self.root / name, path)

    def stored(self, prefix: str) -> list[Stored]:
        """What is there, without what is being made."""
        with _told():
            paths = [path for path in self.root.rglob("*") if path.is_file() and not path.name.startswith(".")]
            named = [Stored(path.relative_to(self.root).as_posix(), path.stat().st_size) for path in paths]
        return sorted((one for one in named if one.name.startswith(prefix)), key=lambda one: one.name)

    def delete(self, name: str) -> None:
        """Remove it."""
        with _told():
            (self.root / name).unlink()


class Bucket:
    """A bucket. Large files go up in parts; an upload that breaks off leaves nothing under the name."""

    def __init__(self, settings: BackupSettings, bucket: str) -> None:
        """Calls nobody yet.

        Raises:
            BackupFault: `cleanly[ops]` is not installed.
        """
        try:
            import boto3  # noqa: PLC0415 - an optional extra
            from botocore.config import Config  # noqa: PLC0415
        except ImportError as error:
            raise BackupFault("a bucket needs cleanly[ops]") from error
        self._bucket = bucket
        secrets = (settings.backup_access_key_id, settings.backup_secret_access_key)
        identity, secret = (one.get_secret_value() if one is not None else None for one in secrets)
        self._client: Any = cast("Any", boto3).client(  # its overloads name every service that Amazon has
            "s3",
            endpoint_url=settings.backup_endpoint_url,
            region_name=settings.backup_region,
            aws_access_key_id=identity,
            aws_secret_access_key=secret,
            config=Config(
                connect_timeout=_SECONDS_MAX,
                read_timeout=_SECONDS_MAX,
                retries={"max_attempts": _TRIES_MAX, "mode": "standard"},
                # The SDK's newer checksums in trailers are not understood by every S3-compatible host.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def put(self, name: str, path: pathlib.Path) -> None:
        """Upload, and look whether it is there whole."""
        with _told():
            self._client.upload_file(str(path), self._bucket, name)
            size = self._client.head_object(Bucket=self._bucket, Key=name)["ContentLength"]
        if size != path.stat().st_size:
            raise BackupFault(f"{name} has {size} bytes in the bucket, not {path.stat().st_size}")

    def fetch(self, name: str, path: pathlib.Path) -> None:
        """Download it."""
        with _told():
            self._client.download_file(self._bucket, name, str(path))

    def stored(self, prefix: str) -> list[Stored]:
        """In pages, as the API gives them."""
        with _told():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            return [Stored(one["Key"], one["Size"]) for page in pages for one in page.get("Contents", ())]

    def delete(self, name: str) -> None:
        """Delete it; a key that may not says so."""
        with _told():
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def is_locked(self) -> bool:
        """Whether an object lock keeps what is stored, whoever asks for its end."""
        with _told():
            try:
                found = self._client.get_object_lock_configuration(Bucket=self._bucket)
            except self._client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] == "ObjectLockConfigurationNotFoundError":
                    return False
                raise
        return bool(found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled")


@contextmanager
def _told() -> Generator[None, None, None]:
    """Faults of the place as one kind. boto3's own have no common ancestor but Exception."""
    try:
        yield
    except BackupFault:
        raise
    except OSError as error:
        raise BackupFault(f"the place for copies: {error.strerror or type(error).__name__}") from error
    except Exception as error:
        if not type(error).__module__.startswith(("boto3.", "botocore.", "s3transfer.")):
            raise
        raise BackupFault(f"the place for copies: {error}") from error
