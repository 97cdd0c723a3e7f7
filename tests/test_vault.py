"""Encryption at rest."""

from __future__ import annotations

import base64

import pytest

from mixbot.errors import UserError
from mixbot.vault import CannotOpen, Vault

SECRET = "mc-token-🎧-0123456789abcdef"


def test_what_was_sealed_opens_for_its_purpose() -> None:
    vault = Vault.from_keys(Vault.new_key())
    sealed = vault.seal(SECRET, "token mixcloud 1")
    assert vault.open(sealed, "token mixcloud 1") == SECRET
    assert SECRET.encode() not in sealed


def test_sealing_twice_gives_nothing_to_compare() -> None:
    vault = Vault.from_keys(Vault.new_key())
    assert vault.seal(SECRET, "p") != vault.seal(SECRET, "p")


def test_a_secret_moved_to_another_user_does_not_open() -> None:
    vault = Vault.from_keys(Vault.new_key())
    with pytest.raises(CannotOpen):
        vault.open(vault.seal(SECRET, "token mixcloud 1"), "token mixcloud 2")


def test_a_changed_byte_anywhere_is_noticed() -> None:
    vault = Vault.from_keys(Vault.new_key())
    sealed = vault.seal(SECRET, "p")
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(CannotOpen):
            vault.open(changed, "p")
    for cut in (b"", sealed[:4], sealed[:20], sealed[:-1]):
        with pytest.raises(CannotOpen):
            vault.open(cut, "p")


def test_keys_rotate() -> None:
    old, new = Vault.new_key(), Vault.new_key()
    before, during, after = (
        Vault.from_keys(old),
        Vault.from_keys(f"{new}, {old}"),
        Vault.from_keys(new),
    )
    sealed = before.seal(SECRET, "p")
    assert during.open(sealed, "p") == SECRET
    assert not during.is_current(sealed)
    resealed = during.seal(during.open(sealed, "p"), "p")
    assert during.is_current(resealed)
    assert after.open(resealed, "p") == SECRET
    with pytest.raises(CannotOpen, match="not among the settings"):
        after.open(sealed, "p")


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "not-a-key",
        base64.urlsafe_b64encode(b"x" * 31).decode(),
        base64.urlsafe_b64encode(b"x" * 33).decode(),
        Vault.new_key() + "é",
        Vault.new_key()[:-2],
    ],
    ids=["empty", "no key", "short", "long", "with more", "cut"],
)
def test_a_wrong_key_is_named_by_its_place_only(wrong: str) -> None:
    with pytest.raises(UserError, match="Encryption key 2 is not 32 bytes") as caught:
        Vault.from_keys(f"{Vault.new_key()},{wrong}")
    assert not wrong or wrong not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_vault_does_not_tell_its_keys() -> None:
    key = Vault.new_key()
    assert key not in repr(vars(Vault.from_keys(key)))
