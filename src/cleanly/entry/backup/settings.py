"""The knobs of backups."""

from typing import Annotated

from pydantic import Field, SecretStr, field_validator, model_validator

from cleanly.kernel.crypto import b64url_decode
from cleanly.kernel.settings import Group, Secrets, Url

_KEY_BYTES = 32


class BackupSettings(Group):
    """Where copies go: a bucket of any S3-compatible host, or a folder. Neither: there are none.

    `backup_key` is a list of keys of 32 bytes in base64url: the first seals, all open. `backup_keep_days` 0 leaves
    the forgetting to the bucket's own lifecycle rule. `backup_programs` is the folder of pg_dump and pg_restore.
    """

    backup_bucket: str | None = None
    backup_endpoint_url: Url | None = None
    backup_region: str = "auto"
    backup_access_key_id: SecretStr | None = None
    backup_secret_access_key: SecretStr | None = None
    backup_folder: str | None = None
    backup_key: Secrets = ()
    backup_keep_days: Annotated[int, Field(ge=0)] = 35
    backup_programs: str | None = None

    @field_validator("backup_key")
    @classmethod
    def _are_backup_keys(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in keys:
            try:
                length = len(b64url_decode(key.get_secret_value()))
            except ValueError:
                length = 0
            if length != _KEY_BYTES:
                raise ValueError("each key is 32 bytes in base64url: `cleanly keys rotate backup` makes one")
        return keys

    @model_validator(mode="after")
    def _name_one_place(self) -> "BackupSettings":
        if self.backup_bucket and self.backup_folder:
            raise ValueError("BACKUP_FOLDER: BACKUP_BUCKET is set too; name one of the two")
        halves = (self.backup_access_key_id, self.backup_secret_access_key)
        if self.backup_bucket and None in halves:
            raise ValueError("BACKUP_ACCESS_KEY_ID: a bucket needs this and BACKUP_SECRET_ACCESS_KEY")
        return self

    @property
    def backups_are_on(self) -> bool:
        """Whether there is a place for copies."""
        return self.backup_bucket is not None or self.backup_folder is not None

    @property
    def backup_keys(self) -> tuple[bytes, ...]:
        """The first seals, all open."""
        return tuple(b64url_decode(key.get_secret_value()) for key in self.backup_key)
