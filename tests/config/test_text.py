"""Writing a configuration."""

import datetime
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import load_settings
from config.settings import Clearing, HandoverPoint, StoreRole, StoreSetting
from config.text import config_text, toml_value
from tests.config.files import written

REQUIRED: dict[str, object] = {
    "station.agency": "cg.example.gov.cn",
    "station.name": "station-1",
    "station.time_zone": "Asia/Shanghai",
    "rule_set.unit": '綦江"城管"\\局',
    "rule_set.document_number": "〔2022〕1号",
    "rule_set.effective_date": datetime.date(2022, 3, 1),
    "rule_set.version": "1",
    "rule_set.handover_hours": 24,
    "rule_set.handover_point": HandoverPoint.ACCEPTANCE,
    "rule_set.clearing": Clearing.CLEAR_AFTER_RECEIPT,
}
STORES = (
    StoreSetting(id="primary", path=Path("primary"), role=StoreRole.PRIMARY),
    StoreSetting(id="backup", path=Path('/mnt/a "b" \\ c'), role=StoreRole.REPLICA),
)


def test_what_is_written_is_what_is_loaded(tmp_path: Path) -> None:
    given_values = REQUIRED | {
        "paths.state": Path("state"),
        "paths.import_roots": (Path("cards"), Path("/mnt")),
        "docking.folder_cards": True,
        "docking.slip_owner_uids": (0, 1000),
        "rule_set.assumed_clock_uncertainty_s": 120,
    }
    settings = load_settings(written(tmp_path, config_text(given_values, stores=STORES)), {})
    assert settings.rule_set.unit == '綦江"城管"\\局'
    assert settings.rule_set.handover_point is HandoverPoint.ACCEPTANCE
    assert settings.rule_set.assumed_clock_uncertainty_s == 120
    assert settings.paths.state == tmp_path / "state"
    assert settings.paths.import_roots == (tmp_path / "cards", Path("/mnt"))
    assert settings.docking.folder_cards is True
    assert settings.docking.slip_owner_uids == (0, 1000)
    assert [store.path for store in settings.stores] == [tmp_path / "primary", Path('/mnt/a "b" \\ c')]


def test_keys_left_out_stand_there_as_comments_with_their_defaults() -> None:
    lines = config_text(REQUIRED, stores=STORES).splitlines()
    assert "#rescan_s = 5" in lines
    assert '#keys = "<state>/keys"' in lines
    assert lines[lines.index("#rescan_s = 5") - 1] == "# between two looks for missed slips (seconds)"


def test_comments_are_in_the_language_of_the_reader(tmp_path: Path) -> None:
    chinese = {"hours": "小时", "from the end of a recording to its handover": "从录制结束到移交"}
    text = config_text(REQUIRED, stores=STORES, translate=lambda message: chinese.get(message, message))
    assert "# 从录制结束到移交 (小时)\nhandover_hours = 24\n" in text
    assert load_settings(written(tmp_path, text), {}).rule_set.handover_hours == 24


def test_a_misspelt_key_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match=r"no such configuration keys: station\.nmae"):
        config_text(REQUIRED | {"station.nmae": "x"}, stores=STORES)


def test_a_required_key_left_out_is_a_mistake_of_the_caller() -> None:
    values = {key: value for key, value in REQUIRED.items() if key != "rule_set.clearing"}
    with pytest.raises(ValueError, match=r"configuration keys without a value: rule_set\.clearing"):
        config_text(values, stores=STORES)


def test_a_path_that_is_not_utf_8_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="TOML is UTF-8"):
        toml_value(Path("/mnt/\udcff"))


@given(st.text())
def test_any_text_survives_writing_and_reading(text: str) -> None:
    assert tomllib.loads(f"key = {toml_value(text)}")["key"] == text


@given(
    st.recursive(
        st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.dates(),
        lambda values: st.lists(values, max_size=4),
        max_leaves=8,
    )
)
def test_any_value_survives_writing_and_reading(value: object) -> None:
    assert tomllib.loads(f"key = {toml_value(value)}")["key"] == value
