"""Golden vectors of everything hashed or signed, and their agreement with docs/ledger-format.md.

Changing a vector is a change of format: it needs an ADR, and old ledgers must stay verifiable.
"""

import re
from hashlib import sha256
from pathlib import Path

from hashing.allowed_signers import AllowedSigner, AllowedSigners
from hashing.canonical import MAX_DEPTH, MAX_LINE_BYTES, Json, canonical_line
from hashing.chain import leaf_hash, verify_entries
from hashing.checkpoint import Checkpoint, NoteSigner, NoteVerifier, parse_checkpoint
from hashing.commitment import commit
from hashing.frontier import Frontier
from hashing.merkle import LeafTree, consistency_proof, inclusion_proof, root_of
from hashing.namespaces import Namespace
from hashing.ssh_keys import SigningKey
from hashing.sshsig import sign, verify
from hashing.tiles import MAX_TILE_LEVEL, encode_entries

DOCUMENT = Path(__file__).parents[2] / "docs" / "ledger-format.md"

ORIGIN = "cg.example.gov.cn/station-1/1"
SIGNER = NoteSigner.from_seed(ORIGIN, bytes(range(0x00, 0x20)))
BAG_KEY = SigningKey.from_seed(bytes(range(0x20, 0x40)))
BAG_KEY_TEXT = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
VKEY = "cg.example.gov.cn/station-1/1+ff2bfd86+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"

LEAF_0 = "1df0b29619cd78f8a5280ed2fea7e37c2a47de085118f6d62180cd80cc4bfdfc"
LEAF_1 = "481dc154e134556a497f4d5e5d32b676f0e673bd3535a853c5be8442d0b2a83a"
LEAF_2 = "136ad53c04b1e96787b9de245750e886d4ffccbbc33e95f98dec8105201deb6b"
ROOT_3 = "01fe83d5e3bb9c2380e6974f622f11d062fe58d42b83d6a662001ac9ba7108e0"

ENTRY_0 = (
    b'{"actor":{"uid":0},'  # actor: a Unix uid
    b'"at":"2026-11-21T12:34:56.000000Z",'  # at: six fraction digits even when they are zero
    b'"facts":{'  # facts: keys sorted like all others
    b'"bag_key":"' + BAG_KEY_TEXT.encode() + b'",'
    b'"checkpoint_vkey":"' + VKEY.encode() + b'",'
    b'"origin":"cg.example.gov.cn/station-1/1",'
    b'"people":[],"recovery_keys":[],'
    b'"rule_set_version":"1",'
    b'"software":"bodycam-custody 0.1.0",'
    b'"station":"\xe9\x87\x87\xe9\x9b\x86\xe7\xab\x99\xe4\xb8\x80"},'  # UTF-8, not \u escapes
    b'"kind":"genesis",'  # kind
    b'"prev":null,'  # prev: nothing before entry 0
    b'"seq":0,'  # seq
    b'"subject":"station",'  # subject
    b'"v":1}'  # v: the format version, and no line end
)
ENTRY_1 = (
    b'{"actor":{"system":"daemon"},"at":"2026-11-21T12:34:56.123456Z","facts":{},"kind":"clock.mark",'
    b'"prev":"' + LEAF_0.encode() + b'","seq":1,"subject":"station","v":1}'
)
ENTRY_2 = (
    b'{"actor":{"system":"daemon"},"at":"2026-11-21T12:44:56.123456Z","facts":{},"kind":"clock.mark",'
    b'"prev":"' + LEAF_1.encode() + b'","seq":2,"subject":"station","v":1}'
)
ENTRIES = [ENTRY_0, ENTRY_1, ENTRY_2]

CHECKPOINT_3 = (
    "cg.example.gov.cn/station-1/1\n"  # origin
    "3\n"  # size
    "Af6D1eO7nCOA5pdPYi8R0GL+WNQrg9amYgAaybpxCOA=\n"  # root, base64
    "\n"  # end of the text
    "— cg.example.gov.cn/station-1/1 "  # key name
    "/yv9h"  # key hash ff2bfd86, running over into the signature
    "ppAEy3kTVIxI4XfwYy57N596P8cbThzqMCewz/iCFFsnTpS7kEv6ICAGMO6tJa4vQkBThL6yMtNK8KyKSfcaQ4=\n"  # Ed25519 signature
).encode()

SSHSIG = (
    b"-----BEGIN SSH SIGNATURE-----\n"
    b"U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgKay64UG8yvCyLhqU000LxzYeUm\n"  # SSHSIG, version 1, key
    b"0L/hLIl5S8kyKWbdcAAAALY3VzdG9keS1iYWcAAAAAAAAABnNoYTUxMgAAAFMAAAALc3No\n"  # namespace, reserved, sha512
    b"LWVkMjU1MTkAAABA7H7pUHzfvqOgYVBr4Dry/6sBA4IY/U942huiFk3t5rhQBOLfP+6gI1\n"  # signature
    b"U17GKymF9BhZyIPFE72PdTgqsEIrHhCw==\n"
    b"-----END SSH SIGNATURE-----\n"
)
SIGNED_MESSAGE = b"custody\n"

ALLOWED_SIGNERS = f'station namespaces="custody-bag,custody-store,custody-receipt" {BAG_KEY_TEXT}\n'
BUNDLE_SHA256 = "6cc77561c6d0f3b9847b5dbfaee82fbc633d8acfdfd41b8e4623f52f1d141999"
COMMITMENT = "a2e330f979a5e4eeff648d282d0ff47bb2dd839d3a997b9bc708676741d6403d"

VECTORS = {
    "entry-0": ENTRY_0.decode() + "\n",
    "entry-1": ENTRY_1.decode() + "\n",
    "entry-2": ENTRY_2.decode() + "\n",
    "leaf-0": LEAF_0 + "\n",
    "leaf-1": LEAF_1 + "\n",
    "leaf-2": LEAF_2 + "\n",
    "root-3": ROOT_3 + "\n",
    "inclusion-0-3": f"{LEAF_1}\n{LEAF_2}\n",
    "vkey": VKEY + "\n",
    "checkpoint-3": CHECKPOINT_3.decode(),
    "bundle-sha256": BUNDLE_SHA256 + "\n",
    "commitment": COMMITMENT + "\n",
    "sshsig": SSHSIG.decode(),
    "allowed-signers": ALLOWED_SIGNERS,
    "genesis": LEAF_0 + "\n",
}


def documented_vectors() -> dict[str, str]:
    """Return the vectors of the document by name."""
    pattern = r"<!-- vector: ([a-z0-9-]+) -->\n```\n(.*?)```\n"
    return dict(re.findall(pattern, DOCUMENT.read_text(encoding="utf-8"), flags=re.DOTALL))


def test_the_document_shows_exactly_these_vectors() -> None:
    assert documented_vectors() == VECTORS


def test_the_document_lists_every_namespace() -> None:
    listed = re.findall(r"^\| `(custody-[a-z-]+)` \|", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert listed == [namespace.value for namespace in Namespace]


def test_entries_are_written_as_the_vectors() -> None:
    genesis: dict[str, Json] = {
        "v": 1,
        "seq": 0,
        "at": "2026-11-21T12:34:56.000000Z",
        "kind": "genesis",
        "actor": {"uid": 0},
        "subject": "station",
        "facts": {
            "origin": ORIGIN,
            "station": "采集站一",
            "checkpoint_vkey": SIGNER.vkey,
            "bag_key": BAG_KEY.public.text,
            "people": [],
            "recovery_keys": [],
            "rule_set_version": "1",
            "software": "bodycam-custody 0.1.0",
        },
        "prev": None,
    }
    assert canonical_line(genesis) == ENTRY_0


def test_leaves_and_root_are_the_vectors() -> None:
    assert [leaf_hash(line).hex() for line in ENTRIES] == [LEAF_0, LEAF_1, LEAF_2]
    assert leaf_hash(ENTRY_0) == sha256(b"\x00" + ENTRY_0).digest()
    assert verify_entries(ENTRIES, start_seq=0, prev=None, frontier=Frontier()).root.hex() == ROOT_3


def test_proofs_are_the_vectors() -> None:
    tree = LeafTree.of(leaf_hash(line) for line in ENTRIES)
    expected = [bytes.fromhex(LEAF_1), bytes.fromhex(LEAF_2)]
    assert inclusion_proof(0, 3, tree.node) == expected
    assert consistency_proof(1, 3, tree.node) == expected


def test_the_checkpoint_is_the_vector() -> None:
    head = Checkpoint(origin=ORIGIN, size=3, root=root_of([leaf_hash(line) for line in ENTRIES]))
    assert SIGNER.vkey == VKEY
    assert SIGNER.sign(head) == CHECKPOINT_3
    assert parse_checkpoint(CHECKPOINT_3, NoteVerifier(VKEY)) == head


def test_the_entry_bundle_is_the_vector() -> None:
    assert sha256(encode_entries(ENTRIES)).hexdigest() == BUNDLE_SHA256


def test_the_commitment_is_the_vector() -> None:
    assert commit("采集站一".encode(), bytes(range(32))) == COMMITMENT


def test_the_ssh_signature_is_the_vector() -> None:
    signers = AllowedSigners.parse(ALLOWED_SIGNERS.encode())
    assert BAG_KEY.public.text == BAG_KEY_TEXT
    assert sign(SIGNED_MESSAGE, BAG_KEY, Namespace.BAG) == SSHSIG
    key = verify(SIGNED_MESSAGE, SSHSIG, signers=signers, principal="station", namespace=Namespace.BAG)
    assert key == BAG_KEY.public


def test_the_allowed_signers_file_is_the_vector() -> None:
    namespaces = (Namespace.BAG, Namespace.STORE, Namespace.RECEIPT)
    signer = AllowedSigner(principals=("station",), namespaces=namespaces, key=BAG_KEY.public)
    assert AllowedSigners(signers=(signer,)).format().decode() == ALLOWED_SIGNERS


def test_the_limits_in_the_document_are_those_of_the_program() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert f"at most {MAX_LINE_BYTES:,} bytes" in text
    assert f"at most {MAX_DEPTH} deep" in text
    assert f"`<L>` is 0 to {MAX_TILE_LEVEL}." in text
    assert f"lines of {len(SSHSIG.splitlines()[1])} characters" in text
