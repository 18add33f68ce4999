"""`python -m tests.bench [--quick] [--only NAME]`."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.copying_cases import large_clips, small_clips
from tests.bench.first_byte_case import first_byte
from tests.bench.ledger_case import appending, verifying
from tests.bench.machine import is_in_memory, machine_text
from tests.bench.many_cards_case import many_cards
from tests.bench.memory_case import copying_memory, copying_memory_of_many
from tests.bench.report import Report
from tests.bench.rest_case import at_rest
from tests.bench.rounds import ROUNDS, say
from tests.bench.start_case import starting

_KIB, _MIB, _GIB = 1 << 10, 1 << 20, 1 << 30
_SLOTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the cases work: a folder in memory and one on a disk, both removed at the end."""

    memory: Path
    disk: Path


def _cases(places: Places, *, quick: bool) -> Mapping[str, Callable[[], Report]]:
    rounds = 3 if quick else ROUNDS
    return {
        "large": lambda: large_clips(places.memory, clips=12, clip_bytes=(32 if quick else 128) * _MIB, rounds=rounds),
        "small": lambda: small_clips(places.disk, clips=200 if quick else 2000, clip_bytes=100 * _KIB, rounds=rounds),
        "verify": lambda: verifying(places.memory, entries=20_000 if quick else 200_000, rounds=rounds),
        "append": lambda: appending(places.disk, batches=10 if quick else 50, rounds=rounds),
        "memory": lambda: copying_memory(places.disk, clip_bytes=_GIB if quick else 4 * _GIB),
        "start": lambda: starting(places.disk, rounds=rounds),
        "first-byte": lambda: first_byte(places.disk, rounds=rounds),
        "many": lambda: many_cards(
            places.memory, cards=_SLOTS, card_bytes=(20 if quick else 200) * _MIB, rounds=rounds
        ),
        "many-memory": lambda: copying_memory_of_many(
            places.disk, cards=_SLOTS, clip_bytes=(50 if quick else 200) * _MIB
        ),
        "rest": lambda: at_rest(places.disk, slots=_SLOTS, watched_s=60 if quick else 600),
    }


def main() -> int:
    """Run the cases and print the report; a figure that is not met is reported, never an exit code."""
    names = list(_cases(Places(memory=Path(), disk=Path()), quick=True))
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller inputs and 3 rounds: a trial, not a result")
    parser.add_argument("--only", action="append", choices=names, help="run this case alone; may be repeated")
    parser.add_argument("--memory", type=Path, default=Path("/dev/shm"), help="a folder on tmpfs")
    parser.add_argument("--disk", type=Path, default=Path("/var/tmp"), help="a folder on a disk")
    arguments = parser.parse_args()
    # Start-up with bytecode is what users have; this variable would make every new interpreter compile again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    report = Report()
    header = machine_text([arguments.memory, arguments.disk])
    for name in arguments.only or names:
        say(f"{name}:")
        with (
            tempfile.TemporaryDirectory(dir=arguments.memory) as memory,
            tempfile.TemporaryDirectory(dir=arguments.disk) as disk,
        ):
            places = Places(memory=Path(memory), disk=Path(disk))
            report.add(_cases(places, quick=arguments.quick)[name]())
    if is_in_memory(arguments.disk):
        report.skipped.append(
            f"{arguments.disk} is no disk: give one with --disk; what was measured there is no result"
        )
    sys.stdout.write(header + "\n" + report.text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
