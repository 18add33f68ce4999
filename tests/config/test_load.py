"""From files to settings, and every way a configuration can be wrong."""

import datetime
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import load_settings
from config.settings import Clearing, HandoverPoint, StoreRole
from tests.config.files import GOOD, dropped_in, with_change, written


def problems_of(file: Path) -> list[tuple[str, str, str]]:
    """Return file name, key and reason of every problem."""
    with pytest.raises(ConfigError) as caught:
        load_settings(file, {})
    return [(problem.file.name, problem.key, problem.reason) for problem in caught.value.problems]


def test_a_good_file_gives_settings_with_defaults_filled_in(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path), {})
    assert settings.station.origin == "cg.example.gov.cn/station-1/1"
    assert settings.station.zone.key == "Asia/Shanghai"
    assert settings.paths.state == Path("/var/lib/bodycam-custody")
    assert settings.paths.keys == Path("/var/lib/bodycam-custody/keys")
    assert settings.paths.profiles is None
    assert [(store.id, store.role) for store in settings.stores] == [
        ("primary", StoreRole.PRIMARY),
        ("backup", StoreRole.REPLICA),
    ]
    assert settings.docking.slip_owner_uids == (0,)
    assert settings.schedule.clock_mark_minutes == 10
    assert not settings.accepted_risks.stores_on_one_disk


def test_the_rule_set_is_data_with_its_source(tmp_path: Path) -> None:  # R1
    rule_set = load_settings(written(tmp_path), {}).rule_set
    assert rule_set.unit == "綦江区城市管理局"
    assert rule_set.document_number == "綦江城管发〔2022〕1号"
    assert rule_set.effective_date == datetime.date(2022, 3, 1)
    assert rule_set.version == "1"
    assert rule_set.handover_hours == 24  # R38
    assert rule_set.handover_point is HandoverPoint.DOCK
    assert rule_set.clearing is Clearing.KEEP_AT_DESK  # R40
    assert rule_set.assumed_clock_uncertainty_s is None


def test_a_unit_that_did_not_choose_how_to_clear_recorders_is_asked_to(tmp_path: Path) -> None:  # R40
    file = written(tmp_path, with_change('clearing = "keep-at-desk"\n', ""))
    assert problems_of(file) == [("config.toml", "rule_set.clearing", "is missing and has no default")]


def test_a_service_with_credentials_has_its_keys_there_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    environ = {"CREDENTIALS_DIRECTORY": "/run/credentials/bodycam-custody.service"}
    paths = load_settings(written(tmp_path), environ).paths
    assert paths.keys == Path("/run/credentials/bodycam-custody.service")
    assert paths.trust == Path("/var/lib/bodycam-custody/trust")
    assert load_settings(written(tmp_path, '[paths]\nkeys = "/k"\n' + GOOD), environ).paths.keys == Path("/k")


def test_keys_and_trust_follow_the_state_folder(tmp_path: Path) -> None:
    paths = load_settings(written(tmp_path, '[paths]\nstate = "state"\nkeys = "/k"\n' + GOOD), {}).paths
    assert (paths.state, paths.keys, paths.trust) == (tmp_path / "state", Path("/k"), tmp_path / "state/trust")


def test_relative_paths_start_at_the_file_they_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, with_change('path = "/srv/custody/primary"', 'path = "primary"'))
    dropped_in(tmp_path, "10.toml", '[paths]\nimport_roots = ["in", "/mnt"]\n')
    monkeypatch.chdir(tmp_path)
    settings = load_settings(Path("config.toml"), {})
    assert settings.stores[0].path == tmp_path / "primary"
    assert settings.paths.import_roots == (tmp_path / "conf.d/in", Path("/mnt"))


def test_three_mistakes_are_reported_together_with_file_key_and_reason(tmp_path: Path) -> None:
    text = with_change('time_zone = "Asia/Shanghai"', 'time_zone = "Asia/Chongching"')
    file = written(tmp_path, text.replace("handover_hours = 24", 'handover_hours = "24"'))
    drop_in = dropped_in(tmp_path, "50-docking.toml", "[docking]\nrescan_s = 0\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(file, {})
    assert str(caught.value) == (
        "the configuration cannot be used:\n"
        f'  {file}: station.time_zone: is not a known time zone, found "Asia/Chongching";'
        ' write a name such as "Asia/Shanghai"\n'
        f'  {file}: rule_set.handover_hours: must be a whole number from 1 to 8760, found "24"\n'
        f"  {drop_in}: docking.rescan_s: must be a whole number from 1 to 3600, found 0"
    )
    assert [problem.key for problem in caught.value.problems] == [
        "station.time_zone",
        "rule_set.handover_hours",
        "docking.rescan_s",
    ]


def test_wrong_values_unknown_names_and_contradictions_are_reported_in_one_go(tmp_path: Path) -> None:
    text = with_change('role = "replica"', 'role = "primary"').replace('version = "1"', "version = 1")
    found = problems_of(written(tmp_path, text + "[dockng]\n"))
    assert [key for _, key, _ in found] == ["dockng", "rule_set.version", "stores", "stores"]


def test_an_empty_file_names_every_required_key(tmp_path: Path) -> None:
    found = problems_of(written(tmp_path, ""))
    assert [key for _, key, reason in found if reason == "is missing and has no default"] == [
        "station.agency",
        "station.name",
        "station.time_zone",
        "rule_set.unit",
        "rule_set.document_number",
        "rule_set.effective_date",
        "rule_set.version",
        "rule_set.handover_hours",
        "rule_set.handover_point",
        "rule_set.clearing",
    ]


def test_a_store_without_its_keys_is_named_by_its_number(tmp_path: Path) -> None:
    found = problems_of(written(tmp_path, with_change('path = "/srv/custody/backup"\n', "")))
    assert found == [("config.toml", "stores[1].path", "is missing and has no default")]


def test_every_reason_is_a_template_filled_with_its_facts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, with_change("handover_hours = 24", "handover_hours = 0")), {})
    (problem,) = caught.value.problems
    assert problem.template == "must be a whole number from {least} to {most}, found {found}"
    assert problem.facts == {"least": 1, "most": 8760, "found": "0"}
