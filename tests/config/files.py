"""A configuration that is right, and ways to write it down."""

from pathlib import Path

GOOD = """\
[station]
agency = "cg.example.gov.cn"
name = "station-1"
time_zone = "Asia/Shanghai"

[[stores]]
id = "primary"
path = "/srv/custody/primary"
role = "primary"

[[stores]]
id = "backup"
path = "/srv/custody/backup"
role = "replica"

[rule_set]
unit = "綦江区城市管理局"
document_number = "綦江城管发〔2022〕1号"
effective_date = 2022-03-01
version = "1"
handover_hours = 24
handover_point = "dock"
clearing = "keep-at-desk"
"""


def written(folder: Path, text: str = GOOD) -> Path:
    """Write `text` as the configuration file of `folder`."""
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return file


def dropped_in(folder: Path, name: str, text: str) -> Path:
    """Write `text` as a drop-in beside the configuration file of `folder`."""
    (folder / "conf.d").mkdir(exist_ok=True)
    file = folder / "conf.d" / name
    file.write_text(text, encoding="utf-8")
    return file


def with_change(old: str, new: str) -> str:
    """Return the good configuration with one text replaced."""
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new)
