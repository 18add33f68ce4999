"""Which USB ids belong to which family is a list of the unit's own beside what is known here."""

from pathlib import Path

import pytest

from docking.drivers.families import KNOWN_FAMILIES, load_families
from docking.drivers.verbs import DriverName
from docking.errors import FamiliesInvalidError


def test_without_a_list_only_what_is_known_here_counts(tmp_path: Path) -> None:
    assert load_families(tmp_path / "none.toml") == KNOWN_FAMILIES == {"4255:0001": DriverName.AMBARELLA}


def test_the_list_adds_to_what_is_known_and_goes_before_it(tmp_path: Path) -> None:
    path = tmp_path / "recorder-families.toml"
    path.write_text('# ours\n"1234:abcd" = "bc-plus"\n"4255:0001" = "bc-plus"\n', encoding="utf-8")
    assert load_families(path) == {"1234:abcd": DriverName.BC_PLUS, "4255:0001": DriverName.BC_PLUS}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1234 = ", r"\(file\): expected TOML in UTF-8, found "),
        ('"1234:ABCD" = "bc-plus"', r"\(key\): expected vendor and product, as in 1234:abcd, found '1234:ABCD'\."),
        ('"1234:abcd" = "bc+"', r"1234:abcd: expected one of ambarella, bc-plus, found 'bc\+'\."),
        ('"1234:abcd" = 1', r"1234:abcd: expected one of ambarella, bc-plus, found 1\."),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "recorder-families.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FamiliesInvalidError, match=rf"recorder-families\.toml: recorder families, {told}"):
        load_families(path)
