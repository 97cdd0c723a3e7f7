"""Encryption of what must not be read from a copy of the database.

AES-256-GCM. A sealed secret is a version byte, the id of its key, a nonce and the ciphertext, and
opens only for the `purpose` it was sealed for: a token copied to another user's row is useless.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mixbot.errors import UserError

_VERSION = b"\x01"
_KEY_ID = slice(1, 5)
_NONCE = slice(5, 17)
_SEALED = slice(17, None)
_KEY_BYTES = 32


class WrongKey(UserError):
    """An encryption key is not one. The sentence does not hold it."""

    def __init__(self, position: int) -> None:
        super().__init__(
            f"Encryption key {position} is not 32 bytes in urlsafe base64; "
            "`mixbot keys new` prints one."
        )


class CannotOpen(Exception):
    """Sealed with a key that is not here, for another purpose, or damaged."""


class Vault:
    """Seals with the first of its keys, opens with any."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise WrongKey(1)
        for position, key in enumerate(keys, 1):
            if len(key) != _KEY_BYTES:
                raise WrongKey(position)
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._newest = _key_id(keys[0])

    @classmethod
    def from_keys(cls, keys: str) -> Vault:
        """A vault from keys as settings have them, comma separated."""
        return cls([_decoded(key, at) for at, key in enumerate(keys.split(","), 1)])

    @staticmethod
    def new_key() -> str:
        """A new random key, as settings have them."""
        return base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)).decode()

    def seal(self, secret: str, purpose: str) -> bytes:
        """Encrypt `secret`, for `purpose` alone."""
        nonce = os.urandom(12)
        head = _VERSION + self._newest + nonce
        return head + self._ciphers[self._newest].encrypt(nonce, secret.encode(), purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> str:
        """The secret that was sealed for `purpose`."""
        cipher = self._ciphers.get(sealed[_KEY_ID])
        if cipher is None or sealed[:1] != _VERSION:
            raise CannotOpen("sealed with a key that is not among the settings")
        try:
            return cipher.decrypt(sealed[_NONCE], sealed[_SEALED], purpose.encode()).decode()
        except (InvalidTag, ValueError):
            raise CannotOpen("sealed for another purpose, or damaged") from None

    @property
    def key_ids(self) -> list[str]:
        """What tells its keys apart and does not tell them, the newest first."""
        return [key_id.hex() for key_id in self._ciphers]

    @property
    def mark(self) -> bytes:
        """What all that the newest key sealed begins with."""
        return _VERSION + self._newest

    def is_current(self, sealed: bytes) -> bool:
        """Whether the newest key sealed it; if not, rotation has something to do."""
        return sealed[_KEY_ID] == self._newest


def key_id_of(sealed: bytes) -> str:
    """Which key, as `Vault.key_ids` has them, a secret was sealed with."""
    return sealed[_KEY_ID].hex()


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"mixbot key id" + key).digest()[:4]


def _decoded(key: str, position: int) -> bytes:
    try:
        return base64.b64decode(key.strip(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise WrongKey(position) from None
