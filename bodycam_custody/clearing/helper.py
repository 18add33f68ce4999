"""The program `custody-clear`: removes receipted files from one card, and can be asked nothing else.

systemd starts it as root with one connection of the daemon as its standard input; without systemd the daemon starts it
with the rights it has itself. `custody-clear restore` makes cards read-only again that a clearing which died left open.
"""

import argparse
import base64
import logging
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bodycam_custody.clearing.anchors import Anchors, load_anchors
from bodycam_custody.clearing.procedure import Cleared, Procedure
from bodycam_custody.clearing.request import Lines, parse_request, problem_to_json, ranges_of
from bodycam_custody.copying.errors import StationStoppingError
from bodycam_custody.errors import StatedError
from config.load import load_settings
from docking.block_device import DEV
from docking.card_access import empty_folder, hide_mounts, restore
from docking.clearing_errors import CardInUseError
from docking.mounting import is_service
from docking.mounts import read_mounts
from docking.slips import SLIP_SUFFIX, read_slip

logger = logging.getLogger(__name__)

EXIT_DONE: Final = 0
EXIT_FAILED: Final = 1
# How many files that are left are told by name; a card has thousands.
NAMED_LEFT: Final = 40


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the connection on standard input, or restore what a clearing that died left writable."""
    parser = argparse.ArgumentParser(prog="custody-clear")
    parser.add_argument("verb", nargs="?", choices=["clear", "restore"], default="clear")
    parser.add_argument("--config", type=Path, default=None)
    arguments = parser.parse_args(argv)
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    if arguments.verb == "restore":
        return _restore_all(arguments.config)
    with socket.socket(fileno=os.dup(sys.stdin.fileno())) as peer:
        try:
            serve(peer, load_anchors(arguments.config, os.environ))
        except StatedError as err:
            _refuse(Lines(peer), err)
            return EXIT_FAILED
    return EXIT_DONE


def serve(peer: socket.socket, anchors: Anchors) -> None:
    """Answer the one request of `peer`; whatever happens, the card is read-only when this returns or raises.

    A peer that goes before files are removed stops the clearing with the card whole; one that goes later stops it
    after the file of that moment.
    """
    lines = Lines(peer)

    def tell(step: Mapping[str, Any]) -> None:
        lines.send(step)
        if lines.is_abandoned():
            raise StationStoppingError

    try:
        request = parse_request(lines.receive())
        cleared = Procedure(anchors, request, tell).run(lambda: int(lines.receive()["entry"]))
        logger.info("card cleared removed=%s problem=%s", len(cleared.removed), cleared.problem is not None)
        lines.send(_end(cleared))
    except StatedError as err:
        logger.warning("card is not cleared code=%s", err.code)
        _refuse(lines, err)
        return
    except (EOFError, BrokenPipeError, ConnectionResetError):
        logger.warning("the daemon broke off; the card is left as it is now")


def _refuse(lines: Lines, error: StatedError) -> None:
    lines.send({"step": "refused", "problem": problem_to_json(error)})


def _end(cleared: Cleared) -> dict[str, Any]:
    residue = cleared.residue
    return {
        "step": "end",
        "removed": ranges_of(cleared.removed),
        "perhaps_removed": ranges_of(cleared.perhaps_removed),
        "is_flushed": cleared.is_flushed,
        "problem": None if cleared.problem is None else problem_to_json(cleared.problem),
        "residue": None
        if residue is None
        else {
            "files": len(residue.files),
            "specials": len(residue.specials),
            "named": [
                [base64.b64encode(file.path).decode("ascii"), file.size_bytes] for file in residue.files[:NAMED_LEFT]
            ],
        },
    }


def _restore_all(config: Path | None) -> int:
    """Make every docked card read-only again that is not; whether one was is logged."""
    settings = load_settings(config, os.environ)
    mounted = {mount.mount_point for mount in read_mounts()}
    failed = False
    if not is_service():
        hide_mounts()
    for path in sorted(settings.paths.slips.glob(f"[!.]*{SLIP_SUFFIX}")):
        try:
            slip = read_slip(path, trusted_uids=frozenset(settings.docking.slip_owner_uids))
            if slip.mount_point not in mounted:
                continue
            with empty_folder() as own:
                if restore(slip.mount_point, DEV / path.stem, own):
                    logger.warning("card was left open for writing and is read-only again slip=%s", path.name)
        except CardInUseError:
            logger.info("card is being cleared slip=%s", path.name)
        except StatedError as err:
            failed = True
            logger.error("card cannot be made read-only slip=%s reason=%s", path.name, err)
    return EXIT_FAILED if failed else EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
