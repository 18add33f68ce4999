"""kill -9 before every kind of step that changes a disk: an intake, its interpretation and late replicas.

A step that is taken several times in a run is chosen twice: the first time, and one more time by chance.
"""

import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tests.crash.driver import Plan, run, worker_steps
from tests.crash.interruption import Stop
from tests.crash.small_station import Site, make_small_card, recover

# Parts of names of steps for the numbers of the table in bodycam_custody/intake.py. 2 and 3 are the worker's as well.
_TABLE = {
    "1": ("take_in > Record.enter > Ledger.append", "Texts.keep: COMMIT", "_enter_inventory > Record.enter"),
    "2": ("staging_area", "_make_staging_folder"),
    "4": ("write_tags > _write_new > open_created: create",),
    "5": ("place > rename_without_replacing: renameat2", "make_directories: mkdir"),
    "6": (
        "Ledger._commit: COMMIT",
        "LedgerCopy._write_unshown",
        "LedgerCopy.publish > LedgerCopy._show_checkpoint",
        "Catalog.fold",
    ),
    "7": ("interpret_waiting > Record.enter", "judge_waiting > Record.enter"),
}


def test_a_kill_at_any_step_of_the_station_loses_nothing_and_repeats_nothing(
    fast_folder: Path, site: Site, seed: str
) -> None:
    card = make_small_card(fast_folder / "card", "card")
    whole = run(Plan(root=site.copy_to(fast_folder / "whole").root, card=card)).report
    assert whole.is_complete
    for number, parts in _TABLE.items():
        for part in parts:
            assert any(part in step for step in whole.steps), f"no step {number} has {part}"
    stops = _stops(whole.steps, seed)
    killed = sum(_kill(site, fast_folder / "round", Plan(root=site.root, card=card, stop=stop)) for stop in stops)
    # Which copies are ready together is a matter of moments, so a later occurrence may not be reached.
    assert killed > 0.9 * len(stops)


def test_a_kill_while_a_late_replica_is_written_leaves_one_to_be_written_again(
    fast_folder: Path, site: Site, seed: str
) -> None:
    card = make_small_card(fast_folder / "card", "card")
    usual = run(Plan(root=site.copy_to(fast_folder / "usual").root, card=card)).report.steps
    late = run(Plan(root=site.copy_to(fast_folder / "late").root, card=card, late_backup=True)).report
    assert late.is_complete
    stops = [stop for stop in _stops(late.steps, seed) if stop.step not in usual]
    assert any("replicate" in stop.step for stop in stops)
    plans = [Plan(root=site.root, card=card, stop=stop, late_backup=True) for stop in stops]
    assert sum(_kill(site, fast_folder / "round", plan) for plan in plans) > 0.9 * len(plans)


def test_a_worker_killed_at_any_step_alone_or_with_its_station_loses_nothing(
    fast_folder: Path, site: Site, seed: str
) -> None:
    card = make_small_card(fast_folder / "card", "card")
    steps = worker_steps(Plan(root=site.copy_to(fast_folder / "whole").root, card=card))
    assert any("_read_back_all" in step for step in steps)  # step 3 of the table
    for stop in _stops(steps, seed):
        for kills_both in (False, True):
            plan = Plan(root=site.root, card=card, worker_stop=stop, kills_both=kills_both)
            assert _kill(site, fast_folder / "round", plan) == kills_both


def _stops(steps: Sequence[str], seed: str) -> list[Stop]:
    # A flush changes nothing that a killed process leaves behind; power cuts are another test.
    changing = Counter(step for step in steps if not step.endswith(("fsync", "syncfs")))
    return list(_chosen(changing, random.Random(seed)))  # noqa: S311  # a choice, not a secret


def _chosen(times: Counter[str], chance: random.Random) -> Iterator[Stop]:
    for step, count in times.items():
        yield Stop(step=step)
        if count > 1:
            yield Stop(step=step, occurrence=chance.randrange(1, count))


def _kill(site: Site, root: Path, plan: Plan) -> bool:
    """Carry out `plan` on a copy of the station, recover, and return whether the station's process was killed."""
    stopped = site.copy_to(root)
    process = run(replace(plan, root=stopped.root))
    process.wait_for_orphans()
    assert process.was_killed or process.exit_code == 0, (root / "driver.log").read_text()
    head = process.report.acknowledged.head
    try:
        recover(stopped, [plan.card], seen=[head] if head else [])
    except BaseException as err:
        err.add_note(f"after a kill at {plan}")
        raise
    shutil.rmtree(root)
    return process.was_killed
