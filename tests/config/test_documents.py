"""Which files are read, and how they are put together."""

from pathlib import Path

import pytest

from config.documents import DEFAULT_FILE, find_config_file
from config.load import load_settings
from tests.config.files import GOOD, dropped_in, with_change, written
from tests.config.test_load import problems_of


def test_the_file_named_on_the_command_line_wins_over_the_environment_and_that_over_the_system() -> None:
    environ = {"CUSTODY_CONFIG": "/e/config.toml"}
    assert find_config_file(Path("/c/config.toml"), environ) == Path("/c/config.toml")
    assert find_config_file(None, environ) == Path("/e/config.toml")
    assert find_config_file(None, {"CUSTODY_CONFIG": ""}) == DEFAULT_FILE
    assert find_config_file(None, {}) == Path("/etc/bodycam-custody/config.toml")


def test_the_environment_names_the_file_that_is_loaded(tmp_path: Path) -> None:
    assert load_settings(None, {"CUSTODY_CONFIG": str(written(tmp_path))}).station.name == "station-1"


def test_an_absent_file_says_how_to_get_one(tmp_path: Path) -> None:
    assert problems_of(tmp_path / "config.toml") == [
        (
            "config.toml",
            "",
            "there is no such file; `custody init` writes one, and --config or CUSTODY_CONFIG names another",
        )
    ]


def test_a_folder_in_place_of_the_file_is_one_problem_not_a_list_of_missing_keys(tmp_path: Path) -> None:
    assert problems_of(tmp_path) == [(tmp_path.name, "", "cannot be read: Is a directory")]


def test_malformed_toml_is_reported_with_its_line_beside_the_problems_of_other_files(tmp_path: Path) -> None:
    file = written(tmp_path)
    dropped_in(tmp_path, "10.toml", "[docking]\nrescan_s 5\n")
    dropped_in(tmp_path, "20.toml", "[docking]\nrescan_s = -1\n")
    first, second = problems_of(file)
    assert first[:2] == ("10.toml", "")
    assert first[2].startswith("is not valid TOML: ")
    assert "line 2" in first[2]
    assert second == ("20.toml", "docking.rescan_s", "must be a whole number from 1 to 3600, found -1")


def test_a_file_in_another_encoding_is_reported_with_the_byte(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"# " + "綦江".encode("gb18030"))
    assert problems_of(file) == [("config.toml", "", "is not UTF-8 text at byte 2")]


def test_drop_ins_are_merged_in_name_order_table_by_table(tmp_path: Path) -> None:
    file = written(tmp_path, "[docking]\nrescan_s = 7\n" + GOOD)
    dropped_in(tmp_path, "10.toml", "[docking]\ncards_at_once = 2\n")
    docking = load_settings(file, {}).docking
    assert (docking.rescan_s, docking.cards_at_once) == (7, 2)


def test_stores_of_all_files_are_put_in_one_list(tmp_path: Path) -> None:
    file = written(tmp_path)
    dropped_in(tmp_path, "90.toml", '[[stores]]\nid = "third"\npath = "/srv/third"\nrole = "replica"\n')
    dropped_in(tmp_path, "80.toml", '[[stores]]\nid = "second"\npath = "/srv/second"\nrole = "replica"\n')
    assert [store.id for store in load_settings(file, {}).stores] == ["primary", "backup", "second", "third"]


def test_a_key_set_in_two_files_names_both(tmp_path: Path) -> None:
    file = written(tmp_path)
    dropped_in(tmp_path, "10.toml", '[station]\nname = "station-2"\n')
    reason = f"is set twice, the first time in {file}; keep one of them"
    assert problems_of(file) == [("10.toml", "station.name", reason)]


@pytest.mark.parametrize("name", [".10.toml.swp", ".10.toml", "10.toml~", "10.toml.dpkg-dist", "README"])
def test_leftovers_of_editors_and_packagers_are_not_settings(tmp_path: Path, name: str) -> None:
    file = written(tmp_path)
    dropped_in(tmp_path, name, "not toml")
    assert load_settings(file, {}).station.name == "station-1"


def test_a_table_written_as_a_value_and_stores_written_as_one_table_are_explained(tmp_path: Path) -> None:
    found = problems_of(written(tmp_path, "docking = 3\n" + GOOD.replace("[[stores]]", "[stores]", 1).split("[[")[0]))
    assert (
        "config.toml",
        "docking",
        "must be a table: write [docking] on a line of its own and its keys below",
    ) in found
    reason = "must be a list of tables: write [[stores]] above the keys of each store"
    assert ("config.toml", "stores", reason) in found


def test_a_store_with_an_unknown_key_is_named_within_its_own_file(tmp_path: Path) -> None:
    file = written(tmp_path)
    store = '[[stores]]\nid = "third"\npath = "/srv/third"\nrole = "replica"\npaht = "/x"\n'
    dropped_in(tmp_path, "90.toml", store)
    assert problems_of(file) == [("90.toml", "stores[0].paht", "is not a known name; the nearest one is path")]


def test_text_of_another_station_is_not_needed_to_say_what_is_wrong(tmp_path: Path) -> None:
    (problem,) = problems_of(written(tmp_path, with_change('name = "station-1"', 'name = "Station 1"')))
    reason = 'must be 1 to 64 of a-z, 0-9 and . -, a letter or digit first and last, found "Station 1"'
    assert problem == ("config.toml", "station.name", reason)
