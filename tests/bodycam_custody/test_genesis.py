"""The first act of a station: complete, refused whole when something is wrong, never repeated."""

import stat
from pathlib import Path

import pytest

from archive.errors import StoreUnderHomeError
from bodycam_custody.clock import SetClock
from bodycam_custody.errors import PersonRefusedError, RecoveryKeysError, StationExistsError
from bodycam_custody.genesis import create_station
from bodycam_custody.people import parse_person
from bodycam_custody.roles import Role
from bodycam_custody.station import open_station
from hashing.chain import leaf_hash
from hashing.checkpoint import NoteVerifier, parse_checkpoint
from hashing.ssh_keys import SigningKey, SshPublicKey
from tests.bodycam_custody.stations import NOW, LiveStation, people, write_settings

KEY = SigningKey.from_seed(bytes(range(32))).public.text


def test_genesis_names_the_station_its_keys_and_its_people(live: LiveStation) -> None:
    genesis, rules, *stores = live.entries()
    assert (genesis.kind, rules.kind, [one.kind for one in stores]) == (
        "genesis",
        "rule_set.loaded",
        ["store.added", "store.added"],
    )
    facts = genesis.facts
    assert facts["origin"] == "cg.example.gov.cn/station-1/1"
    assert facts["checkpoint_vkey"] == live.station.keys.checkpoint.vkey
    assert facts["people"] == [
        {"person": person.person_id, "role": person.role, "key": person.key.text} for person in people()
    ]
    assert rules.facts["version"] == "1"  # R1


def test_the_trust_folder_is_what_an_outsider_needs(live: LiveStation) -> None:
    trust = live.settings.paths.trust
    assert (trust / "genesis").read_text() == leaf_hash(live.station.ledger.lines(0, 1)[0]).hex() + "\n"
    vkey = (trust / "station.vkey").read_text().strip()
    head = parse_checkpoint((trust / "checkpoint").read_bytes(), NoteVerifier(vkey))
    assert (head.size, head.root) == (4, live.station.ledger.root_at(4))
    assert 'namespaces="' in (trust / "allowed_signers").read_text()
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o644 for path in trust.iterdir())


def test_the_head_is_in_every_store_before_anyone_is_told_that_the_station_exists(live: LiveStation) -> None:
    heads = {(store / "ledger" / "checkpoint").read_bytes() for store in (live.primary, live.backup)}
    assert heads == {(live.settings.paths.trust / "checkpoint").read_bytes()}


def test_a_station_is_never_created_over_another(live: LiveStation) -> None:
    before = live.station.ledger.lines(0, 10)
    with pytest.raises(StationExistsError, match="nothing was changed"):
        create_station(live.settings, [], live.clock)
    assert live.reopen().ledger.lines(0, 10) == before


def test_a_store_under_a_home_directory_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    # R7
    settings = write_settings(
        tmp_path,
        {"accepted_risks.store_under_home": False},
        stores={"primary": Path("/root/custody-test-primary"), "backup": tmp_path / "backup"},
    )
    with pytest.raises(StoreUnderHomeError, match=r"A3 art\. 3"):
        create_station(settings, [], SetClock(NOW))
    assert not (tmp_path / "state").exists()
    assert not (tmp_path / "backup").exists()


def test_a_person_named_twice_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    settings = write_settings(tmp_path)
    one, *_ = people()
    with pytest.raises(PersonRefusedError, match="The id is named twice"):
        create_station(settings, [one, one], SetClock(NOW))
    assert not (tmp_path / "state").exists()


def recovery_keys(*seeds: int) -> list[SshPublicKey]:
    return [SigningKey.from_seed(bytes([seed]) * 32).public for seed in seeds]


def test_three_recovery_keys_stand_in_the_first_entry(tmp_path: Path) -> None:
    settings = write_settings(tmp_path)
    create_station(settings, people(), SetClock(NOW), recovery_keys=recovery_keys(101, 102, 103))
    station = open_station(settings, SetClock(NOW), whole_check=True)
    found = station.ledger.lines(0, 1)[0].decode()
    station.close()
    assert all(key.text in found for key in recovery_keys(101, 102, 103))


@pytest.mark.parametrize(("seeds", "usable"), [((101, 102), 2), ((101, 102, 102), 2), ((101, 102, 1), 2)])
def test_recovery_keys_are_three_that_nobody_else_has(tmp_path: Path, seeds: tuple[int, ...], usable: int) -> None:
    settings = write_settings(tmp_path)
    with pytest.raises(RecoveryKeysError) as refused:
        create_station(settings, people(), SetClock(NOW), recovery_keys=recovery_keys(*seeds))
    assert str(refused.value) == (
        f"recovery keys: expected 3 different ones that no person has, or none; found {len(seeds)} given, {usable} of "
        "them usable"
    )
    assert not (tmp_path / "state").exists()


def test_a_person_is_an_id_a_role_and_a_key_without_its_comment(tmp_path: Path) -> None:
    file = tmp_path / "key.pub"
    file.write_text(f"{KEY} wang.wei@station\n")
    for text in (f"officer-7:officer:{KEY} wang.wei@station", f"officer-7:officer:{file}"):
        person = parse_person(text)
        assert (person.person_id, person.role, person.key.text) == ("officer-7", Role.OFFICER, KEY)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("officer-7:officer", "It has not three parts"),
        (f"Wang Wei:officer:{KEY}", "The id is not 1 to 32 of a-z, 0-9 and -"),
        (f"officer-7:chief:{KEY}", "The role is none of officer, operator"),
        ("officer-7:officer:/nowhere/key.pub", "The key file cannot be read"),
        ("officer-7:officer:ssh-rsa AAAAB3NzaC1yc2E=", "ed25519"),
    ],
)
def test_a_person_that_cannot_be_entered_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(PersonRefusedError) as caught:
        parse_person(text)
    assert f"person {text}: expected ID:ROLE:KEY, with KEY an ssh-ed25519 public key or its file. " in str(caught.value)
    assert reason in str(caught.value)
