"""The knobs of backups."""

from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from cleanly.entry.backup.sealing import KEY_BYTES, public
from cleanly.kernel.crypto import b64url_decode
from cleanly.kernel.settings import Group, Secrets, Url


class BackupSettings(Group):
    """Where copies go: a bucket of any S3-compatible host, or a folder. Neither: there are none.

    Copies are sealed for `backup_recipient`, a public key, and opened with its private half in `backup_key`, a list:
    who makes copies need not be able to read them. Without a recipient they are sealed for the first of the keys.
    `backup_keep_days` 0 leaves the forgetting to the bucket's own lifecycle rule. `backup_programs` is the folder of
    pg_dump and pg_restore.
    """

    backup_bucket: str | None = None
    backup_endpoint_url: Url | None = None
    backup_region: str = "auto"
    backup_access_key_id: SecretStr | None = None
    backup_secret_access_key: SecretStr | None = None
    backup_folder: str | None = None
    backup_recipient: str | None = None
    backup_key: Secrets = ()
    backup_keep_days: Annotated[int, Field(ge=0)] = 35
    backup_programs: str | None = None

    @field_validator("backup_recipient")
    @classmethod
    def _backup_recipient_is_a_key(cls, value: str | None) -> str | None:
        if value is not None:
            _read(value)
        return value

    @field_validator("backup_key")
    @classmethod
    def _backup_keys_are_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in value:
            _read(key.get_secret_value())
        return value

    @model_validator(mode="after")
    def _backups_make_sense(self) -> Self:
        if self.backup_bucket and self.backup_folder:
            raise ValueError("BACKUP_FOLDER: BACKUP_BUCKET is set too; name one of the two")
        halves = (self.backup_access_key_id, self.backup_secret_access_key)
        if self.backup_bucket and None in halves:
            raise ValueError("BACKUP_ACCESS_KEY_ID: a bucket needs this and BACKUP_SECRET_ACCESS_KEY")
        openable = [public(key) for key in self.backup_keys]
        if openable and self.backup_seals_for not in openable:
            raise ValueError("BACKUP_RECIPIENT: no BACKUP_KEY is its other half, so nothing here could open a copy")
        return self

    @property
    def backups_are_on(self) -> bool:
        """Whether there is a place for copies."""
        return self.backup_bucket is not None or self.backup_folder is not None

    @property
    def backup_keys(self) -> tuple[bytes, ...]:
        """The private halves; any may open."""
        return tuple(_read(key.get_secret_value()) for key in self.backup_key)

    @property
    def backup_seals_for(self) -> bytes | None:
        """The public half that copies are sealed for; None: none can be made."""
        if self.backup_recipient is not None:
            return _read(self.backup_recipient)
        return public(self.backup_keys[0]) if self.backup_key else None


def _read(key: str) -> bytes:
    try:
        found = b64url_decode(key)
    except ValueError:
        found = b""
    if len(found) != KEY_BYTES:
        raise ValueError("a key is 32 bytes in base64url: `cleanly keys rotate backup` makes a pair")
    return found
