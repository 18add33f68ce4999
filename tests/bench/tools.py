"""What a station would otherwise use: each of these makes two copies of a card and checks them, as best it can."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.rounds import Contestant

_SHA256SUM = """
cp -r "$1" "$2/A"; cp -r "$1" "$2/B"
cd "$1"; find . -type f -print0 | xargs -0 sha256sum > "$2/sums"
cd "$2/A"; sha256sum --quiet -c "$2/sums"
cd "$2/B"; sha256sum --quiet -c "$2/sums"
"""

_OPENSSL_ONE = r"""
cp "$1" "$2/A/"; cp "$1" "$2/B/"; name=${1##*/}
test "$(openssl dgst -sha256 -r "$1" "$2/A/$name" "$2/B/$name" | cut -d" " -f1 | sort -u | wc -l)" = 1
"""

_OPENSSL = """
mkdir "$2/A" "$2/B"
find "$1" -type f -print0 | xargs -0 -P 2 -I {} bash -euc "$3" copy {} "$2"
"""

_RSYNC = """
rsync -a "$1/" "$2/A/"; rsync -a "$1/" "$2/B/"
test -z "$(rsync -rcn --itemize-changes "$1/" "$2/A/")"
test -z "$(rsync -rcn --itemize-changes "$1/" "$2/B/")"
"""

_DC3DD = """
mkdir "$2/A" "$2/B"
find "$1" -type f -print0 | while IFS= read -r -d "" file; do
    dc3dd if="$file" hof="$2/A/${file##*/}" hof="$2/B/${file##*/}" hash=sha256 > "$2/log" 2>&1
done
"""

_BAGIT = """
cp -r "$1" "$2/A"
"$3" --quiet $4 --processes 2 "$2/A"
cp -r "$2/A" "$2/B"
"$3" --quiet --validate --processes 2 "$2/A" "$2/B"
"""

OPENSSL = "parallel cp + openssl dgst"
# As it comes bagit.py writes two manifests, sha256 and sha512; with its option it does no more hashing than we do.
BAGIT = "bagit.py --processes 2 + cp + validate x2"
BAGIT_SHA256 = "bagit.py --sha256 --processes 2 + cp + validate x2"
DC3DD = "dc3dd with two hof="


def tools(card: Path) -> list[Contestant]:
    """Return the rows of the other tools on `card`."""
    bagit = Path(sys.executable).with_name("bagit.py")
    return [
        _tool("cp x2 + sha256sum x3", _SHA256SUM, card, needs=["cp", "sha256sum"], reread="no: from the cache"),
        _tool(OPENSSL, _OPENSSL, card, _OPENSSL_ONE, needs=["cp", "openssl"], reread="no: from the cache"),
        _tool("rsync -a x2 + -rc check x2", _RSYNC, card, needs=["rsync"], reread="no: from the cache"),
        _tool(DC3DD, _DC3DD, card, needs=["dc3dd"], reread="no: from the cache"),
        _tool(BAGIT, _BAGIT, card, str(bagit), "", needs=[str(bagit)], reread="no: from the cache"),
        _tool(BAGIT_SHA256, _BAGIT, card, str(bagit), "--sha256", needs=[str(bagit)], reread="no: from the cache"),
    ]


def _tool(name: str, script: str, card: Path, *arguments: str, needs: list[str], reread: str) -> Contestant:
    @contextmanager
    def ready(folder: Path) -> Iterator[Callable[[], object]]:
        command = ["bash", "-euo", "pipefail", "-c", script, "bench", str(card), str(folder), *arguments]
        yield lambda: subprocess.run(command, check=True, stdin=subprocess.DEVNULL)

    absent = [program for program in needs if shutil.which(program) is None]
    return Contestant(
        name=name,
        durable="no",
        reread=reread,
        ready=ready,
        missing=f"{name}: {', '.join(absent)} not installed" if absent else None,
    )
