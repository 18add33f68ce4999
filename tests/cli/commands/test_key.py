"""`custody key show`."""

from pathlib import Path

from tests.cli.conftest import Custody
from tests.cli.station import FakeStation


def test_each_key_stands_under_what_it_is_for(custody: Custody, config_file: Path, station: FakeStation) -> None:
    out = custody("--config", config_file, "key", "show").out
    assert "Key of the checkpoints (station.vkey)\n  cg.example.gov.cn/station-1/1+0badcafe+AAAA\n" in out
    assert '(allowed_signers)\n  station namespaces="custody-bag" ssh-ed25519 AAAA\n' in out
