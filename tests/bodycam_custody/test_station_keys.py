"""The station's private keys: created for the owner alone, refused when others could have read them."""

import os
import stat
from pathlib import Path

import pytest

from bodycam_custody.errors import KeyExistsError, KeyExposedError, KeyMissingError
from bodycam_custody.station_keys import create_keys, load_keys

ORIGIN = "cg.example.cn/station-1/1"


def test_created_keys_are_readable_by_their_owner_only_and_load_again(tmp_path: Path) -> None:
    made = create_keys(tmp_path / "keys", origin=ORIGIN)
    for name in ("checkpoint.key", "bag.key"):
        found = (tmp_path / "keys" / name).stat()
        assert stat.S_IMODE(found.st_mode) == 0o600
    loaded = load_keys(tmp_path / "keys")
    assert (loaded.checkpoint.vkey, loaded.bag.public.text) == (made.checkpoint.vkey, made.bag.public.text)
    assert loaded.checkpoint.vkey.startswith(ORIGIN + "+")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    create_keys(tmp_path / "keys", origin=ORIGIN)
    before = (tmp_path / "keys" / "checkpoint.key").read_bytes()
    with pytest.raises(KeyExistsError, match=r"checkpoint\.key is already there and is never overwritten"):
        create_keys(tmp_path / "keys", origin=ORIGIN)
    assert (tmp_path / "keys" / "checkpoint.key").read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622, 0o601])
def test_a_key_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    create_keys(tmp_path / "keys", origin=ORIGIN)
    path = tmp_path / "keys" / "bag.key"
    path.chmod(mode)
    with pytest.raises(KeyExposedError) as caught:
        load_keys(tmp_path / "keys")
    assert str(caught.value) == (
        f"key file {path} has mode {mode:04o}, expected 0600 or stricter and owned by the station (found owner uid "
        f"{os.geteuid()}): others could sign as the station; if no one did, run: chmod 600 {path}"
    )


def test_keys_as_systemd_passes_them_are_taken(tmp_path: Path) -> None:
    """A credential is root's file, 0400, or 0440 where an ACL names the one user who may read it."""
    if os.geteuid() != 0:
        pytest.skip("a credential belongs to root")
    create_keys(tmp_path / "keys", origin=ORIGIN)
    for mode in (0o400, 0o440):
        for key in (tmp_path / "keys").iterdir():
            key.chmod(mode)
        assert load_keys(tmp_path / "keys").checkpoint.vkey
    os.chown(tmp_path / "keys" / "bag.key", 0, 65534)
    with pytest.raises(KeyExposedError, match="has mode 0440"):
        load_keys(tmp_path / "keys")


def test_a_key_of_another_owner_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("giving a file to another user needs root")
    create_keys(tmp_path / "keys", origin=ORIGIN)
    os.chown(tmp_path / "keys" / "bag.key", 65534, 65534)
    with pytest.raises(KeyExposedError, match="found owner uid 65534"):
        load_keys(tmp_path / "keys")


def test_a_missing_a_linked_and_a_broken_key_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    create_keys(folder, origin=ORIGIN)
    key = folder / "checkpoint.key"
    text = key.read_bytes()
    key.rename(folder / "elsewhere")
    with pytest.raises(KeyMissingError, match=r"checkpoint\.key cannot be used; .* No such file"):
        load_keys(folder)
    key.symlink_to(folder / "elsewhere")
    with pytest.raises(KeyMissingError, match=r"checkpoint\.key cannot be used"):
        load_keys(folder)
    key.unlink()
    key.write_bytes(text[:-5])
    key.chmod(0o600)
    with pytest.raises(KeyMissingError, match=r"checkpoint\.key cannot be used"):
        load_keys(folder)


def test_the_station_may_sign_bags_and_stores_and_nothing_else(tmp_path: Path) -> None:
    signers = create_keys(tmp_path / "keys", origin=ORIGIN).allowed_signers.format().decode()
    assert signers.startswith('station namespaces="custody-bag,custody-store,custody-receipt" ssh-ed25519 ')
