"""Real sealed bags for tests: the program's own writer, a key of the test's own, and the trust folder beside them."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive.bag import SIGNATURE, TAGMANIFEST, BagPayload, bag_path, tag_files, write_tags
from archive.durable import open_created
from hashing.allowed_signers import AllowedSigner, AllowedSigners
from hashing.digest import Digest
from hashing.namespaces import Namespace
from hashing.ssh_keys import SigningKey
from hashing.sshsig import sign, verify

SEALED_AT = datetime(2026, 11, 21, 23, 59, 58, 123456, tzinfo=UTC)
ORIGIN = "cg.example.gov.cn/station-1/1"
SOFTWARE = "bodycam-custody 0.1.0"
BAG_ID = "mzxw6ytboi2dgnbvgy3tqojqmfrggzdf"
CLIP_JSON = b'{"clip_id":"mzxw6ytboi2dgnbvgy3tqojqmfrggzdf","v":1}\n'
PAYLOAD = {"data/main.mp4": bytes(range(256)) * 20, "data/sidecar-1.xml": b"<clip/>\n"}
KEY = SigningKey.from_seed(bytes(range(32)))
SIGNERS = AllowedSigners(signers=(AllowedSigner(principals=("station",), namespaces=(Namespace.BAG,), key=KEY.public),))


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeBag:
    """A sealed bag, and what the ledger would say of it."""

    path: Path
    tagmanifest: Digest


def tags_of(payload: dict[str, bytes]) -> dict[str, bytes]:
    """Return the tag files of a bag with `payload`."""
    items = [BagPayload(name=name, size_bytes=len(data), sha256=Digest.of(data)) for name, data in payload.items()]
    return tag_files(
        bag_id=BAG_ID, payload=items, clip_json=CLIP_JSON, sealed_at=SEALED_AT, origin=ORIGIN, software=SOFTWARE
    )


def make_bag(store: Path, payload: dict[str, bytes] | None = None, *, durable: bool = False) -> MadeBag:
    """Seal `payload` in a new bag below `store`."""
    payload = PAYLOAD if payload is None else payload
    path = store / bag_path(SEALED_AT, BAG_ID)
    (path / "data").mkdir(parents=True)
    for name, data in payload.items():
        os.close(open_created(path / name, data))
    tags = tags_of(payload)
    write_tags(path, tags, sign(tags[TAGMANIFEST], KEY, Namespace.BAG), durable=durable)
    return MadeBag(path=path, tagmanifest=Digest.of(tags[TAGMANIFEST]))


def verify_signature(tagmanifest: bytes, signature: bytes) -> None:
    """Verify like the station does; raises SignatureError."""
    verify(tagmanifest, signature, signers=SIGNERS, principal="station", namespace=Namespace.BAG)


def reseal(bag: Path) -> Digest:
    """Make tagmanifest and signature fit whatever the other tag files say now, as somebody with the key could."""
    lines = (bag / TAGMANIFEST).read_bytes().splitlines()
    names = [line.split(b"  ", 1)[1].decode() for line in lines]
    return sign_tagmanifest(
        bag, "".join(f"{Digest.of((bag / name).read_bytes()).hex}  {name}\n" for name in names).encode()
    )


def sign_tagmanifest(bag: Path, tagmanifest: bytes) -> Digest:
    """Put `tagmanifest` into `bag`, properly signed."""
    overwrite(bag / TAGMANIFEST, tagmanifest)
    overwrite(bag / SIGNATURE, sign(tagmanifest, KEY, Namespace.BAG))
    return Digest.of(tagmanifest)


def overwrite(path: Path, data: bytes) -> None:
    """Replace a sealed file's bytes, which takes a new file: the old one is 0440."""
    path.unlink(missing_ok=True)
    os.close(open_created(path, data))
