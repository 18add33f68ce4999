"""Files of a ledger copy that are damaged, missing or no files: named, and nothing is built on them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.errors import LedgerCopyDamagedError
from archive.ledger_copy import LedgerCopy
from tests.archive.published_ledger import publish


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("checkpoint", "not the three lines of a checkpoint"),
        ("heads/300", "not the three lines of a checkpoint"),
        ("tile/0/001.p/44", "0 bytes instead of 1408"),
        ("tile/1/000.p/1", "0 bytes instead of 32"),
        ("tile/entries/001.p/44", "damaged"),
    ],
)
def test_an_emptied_file_of_the_edge_is_named(tmp_path: Path, name: str, reason: str) -> None:
    publish(tmp_path, 300)
    (tmp_path / name).chmod(0o640)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(LedgerCopyDamagedError) as caught:
        publish(tmp_path, 400)
    assert str(caught.value).startswith(f"{tmp_path}/{name}: this file of the ledger copy is not usable (")
    assert reason in str(caught.value)
    assert str(caught.value).endswith("Keep it as it is and run: custody audit verify")


@pytest.mark.parametrize("name", ["tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"])
def test_a_flipped_bit_at_the_edge_is_found_before_anything_is_built_on_it(tmp_path: Path, name: str) -> None:
    publish(tmp_path, 300)
    path = tmp_path / name
    path.chmod(0o640)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(LedgerCopyDamagedError):
        publish(tmp_path, 400)
    assert LedgerCopy(tmp_path).published_size() == 300


def test_a_missing_bundle_is_named(tmp_path: Path) -> None:
    publish(tmp_path, 300)
    (tmp_path / "tile/entries/000").unlink()
    with pytest.raises(LedgerCopyDamagedError, match=r"tile/entries/000: this file .* is not usable \(missing\)"):
        LedgerCopy(tmp_path).read_lines(0, 300)


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("heads/300")])
def test_what_is_not_a_file_is_neither_followed_nor_waited_for(tmp_path: Path, make: Callable[[Path], None]) -> None:
    publish(tmp_path, 300)
    (tmp_path / "checkpoint").unlink()
    make(tmp_path / "checkpoint")
    with pytest.raises(LedgerCopyDamagedError):
        LedgerCopy(tmp_path).head_note()
