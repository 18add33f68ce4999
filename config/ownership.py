"""Whose the configuration is: who can write it decides what root's helpers do."""

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def places_open_to_others(main_file: Path, owner_uids: Collection[int]) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield each file and folder of a configuration that somebody beside `owner_uids` could change, with what it is.

    Looked at are `main_file`, `conf.d` beside it with all in it, and the folder of both; nothing above that folder.

    Raises:
        OSError: one of them cannot be looked at.
    """
    drop_ins = main_file.parent / "conf.d"
    places = [main_file.parent, main_file]
    if drop_ins.is_dir():
        places += [drop_ins, *sorted(drop_ins.iterdir())]
    for place in places:
        found = place.stat()
        if found.st_uid not in owner_uids or found.st_mode & _OTHERS_WRITE:
            yield place, found
