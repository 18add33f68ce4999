"""Contradictions between keys."""

from pathlib import Path

import pytest

from config.load import load_settings
from tests.config.files import GOOD, dropped_in, with_change, written
from tests.config.test_load import problems_of


def test_a_station_without_a_backup_store_is_refused(tmp_path: Path) -> None:  # R43
    only_primary = GOOD.replace('[[stores]]\nid = "backup"\npath = "/srv/custody/backup"\nrole = "replica"\n', "")
    reason = 'needs at least one store with role = "replica": backups lie on other devices (A3 art. 7)'
    assert problems_of(written(tmp_path, only_primary)) == [("config.toml", "stores", reason)]


@pytest.mark.parametrize(
    ("old", "new", "found"), [('role = "replica"', 'role = "primary"', 2), ('role = "primary"', 'role = "replica"', 0)]
)
def test_exactly_one_store_is_primary(tmp_path: Path, old: str, new: str, found: int) -> None:
    reasons = [reason for _, _, reason in problems_of(written(tmp_path, with_change(old, new)))]
    assert f'needs exactly one store with role = "primary", found {found}' in reasons


def test_an_unreadable_role_is_not_also_called_missing(tmp_path: Path) -> None:
    found = problems_of(written(tmp_path, with_change('role = "replica"', 'role = "backup"')))
    assert found == [("config.toml", "stores[1].role", 'must be one of primary, replica, found "backup"')]


def test_an_id_used_twice_is_named_at_the_second_store(tmp_path: Path) -> None:
    file = written(tmp_path)
    dropped_in(tmp_path, "10.toml", '[[stores]]\nid = "backup"\npath = "/srv/third"\nrole = "replica"\n')
    assert problems_of(file) == [("10.toml", "stores[0].id", "is already the id of another store: backup")]


def test_a_store_inside_another_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, with_change("/srv/custody/backup", "/srv/custody/primary/backup"))
    reason = "must not lie inside stores[0].path, which is /srv/custody/primary"
    assert problems_of(file) == [("config.toml", "stores[1].path", reason)]


def test_two_stores_in_one_folder_are_one_problem_even_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").symlink_to("one")
    text = GOOD.replace("/srv/custody/primary", "one").replace("/srv/custody/backup", "two")
    reason = f"must not lie inside stores[0].path, which is {tmp_path / 'one'}"
    assert problems_of(written(tmp_path, text)) == [("config.toml", "stores[1].path", reason)]


def test_a_store_inside_the_state_folder_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, with_change("/srv/custody/primary", "/var/lib/bodycam-custody/store"))
    reason = "must not lie inside paths.state, which is /var/lib/bodycam-custody"
    assert problems_of(file) == [("config.toml", "stores[0].path", reason)]


def test_a_neighbour_whose_name_begins_alike_is_not_inside(tmp_path: Path) -> None:
    file = written(tmp_path, with_change("/srv/custody/backup", "/srv/custody/primary-2"))
    assert load_settings(file, {}).stores[1].path == Path("/srv/custody/primary-2")


def test_importing_from_a_store_is_refused(tmp_path: Path) -> None:  # R20
    file = written(tmp_path)
    dropped_in(tmp_path, "10.toml", '[paths]\nimport_roots = ["/mnt", "/srv/custody/primary/clips"]\n')
    reason = "must not lie inside stores[0].path, which is /srv/custody/primary"
    assert problems_of(file) == [("10.toml", "paths.import_roots", reason)]
