"""What people and programs are shown of clips, dockings, files and stores."""

import json
from pathlib import Path

import pytest

from archive.errors import StoreFullError
from bodycam_custody.copying.errors import CardSilentError
from bodycam_custody.error_codes import problem_of_code
from bodycam_custody.errors import PrimaryUnavailableError
from bodycam_custody.views import problem, store_views
from docking.errors import SourceUnreadableError
from tests.bodycam_custody.odd_card import PULLED, UNREADABLE, odd_card
from tests.bodycam_custody.stations import LiveStation, make_card


def test_a_problem_travels_with_the_problem_behind_it() -> None:
    error = PrimaryUnavailableError(reason=StoreFullError(path="/srv/primary"))
    told = problem(error)
    assert json.loads(json.dumps(told)) == told
    assert told["code"] == "primary-unavailable"
    assert told["facts"]["reason"] == {"template": StoreFullError.template, "facts": {"path": "/srv/primary"}}


def test_numbers_stay_numbers_and_anything_else_becomes_text() -> None:
    told = problem(CardSilentError(silence_s=60, path=Path("a.mp4")))
    assert told["facts"] == {"silence_s": 60, "path": "a.mp4"}


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({"path": "a.mp4"}, {"path": "a.mp4", "reason": "—"}),
        ({"path": None}, {"path": "—", "reason": "—"}),
        ({"path": 0, "other": 1}, {"path": 0, "reason": "—"}),
    ],
)
def test_a_recorded_problem_shows_what_was_kept_and_a_dash_for_the_rest(
    facts: dict[str, object], shown: dict[str, object]
) -> None:
    told = problem_of_code("source-unreadable", **facts)
    assert (told["template"], told["facts"]) == (SourceUnreadableError.template, shown)


def test_a_code_of_a_later_version_is_shown_as_a_code() -> None:
    told = problem_of_code("from-the-future", path="a.mp4")
    assert told["template"].format(**told["facts"]) == "an error with the code from-the-future was recorded"


def test_after_a_restart_a_docking_still_says_why_it_ended_early(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "b.mp4": b"more"})
    with odd_card(card, PULLED, "a.mp4") as pulled:
        docking_id = live.dock(pulled).docking_id
    live.reopen()
    view = live.docking(docking_id).view
    assert (view["phase"], view["safe_to_take_away"]) == ("failed", "no")
    assert [told["code"] for told in view["problems"]] == ["card-gone"]


def test_a_file_that_failed_keeps_its_reason_and_its_name(live: LiveStation, quick_path: Path) -> None:
    # R11: an explained difference
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "b\u202e.mp4": b"more"})
    with odd_card(card, UNREADABLE, "b\u202e.mp4") as bad:
        docking = live.dock(bad)
    told = docking.file("b\\u202e.mp4")["problem"]
    assert told["facts"]["offset"] == 0
    assert docking.file("a.mp4")["problem"] is None


def test_names_that_were_erased_are_shown_as_none(live: LiveStation, quick_path: Path) -> None:
    docking = live.dock(make_card(quick_path / "card", {"WangXiaoming.mp4": b"moving pictures"}))
    live.station.close()
    for database in live.settings.paths.state.glob("texts.db*"):
        database.unlink()
    for database in live.settings.paths.state.glob("catalog.db*"):
        database.unlink()
    live.reopen()
    (file,) = live.docking(docking.docking_id).files
    assert (file["path"], file["outcome"]) == (None, "sealed")
    (clip,) = live.clips()
    assert clip["source_path"] is None
    live.station.record.fill_names_from_bags()
    (clip,) = live.clips()
    assert clip["source_path"] == "WangXiaoming.mp4"  # the sealed bag still says it
    live.require_everything_verifies()


def test_stores_are_shown_with_room_copies_and_trouble(live: LiveStation, quick_path: Path) -> None:
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures", "b.mp4": b"more"}))
    primary, backup = store_views(live.station)
    assert (primary["store_id"], primary["role"], primary["state"], primary["copies"]) == (
        "primary",
        "primary",
        "ok",
        2,
    )
    assert 0 < primary["free_bytes"] <= primary["total_bytes"]
    assert (backup["store_id"], backup["role"], backup["problem"]) == ("backup", "replica", None)
    live.backup.rename(live.backup.with_name("away"))
    _, backup = store_views(live.station)
    assert (backup["state"], backup["free_bytes"], backup["copies"]) == ("store-missing", None, 2)


def test_every_view_can_be_written_as_json(live: LiveStation, quick_path: Path) -> None:
    docking = live.dock(make_card(quick_path / "card", {b"\xff.mp4": b"moving pictures"}))
    live.interpret()
    for view in (docking.view, docking.files, live.clips(), store_views(live.station)):
        assert json.loads(json.dumps(view)) == view
