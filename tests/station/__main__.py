"""`python -m tests.station` makes what the tests of this folder start from, and says how long each step takes."""

import os
import sys
import time

from tests.station.conftest import KEPT
from tests.station.image import why_impossible
from tests.station.installation import installed_station


def main() -> int:
    """Make the image and the station where they are missing; where they cannot be made, say why."""
    if (reason := why_impossible(is_root=os.geteuid() == 0)) is not None:
        _say(reason)
        return 0
    installed_station(KEPT, _say)
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
