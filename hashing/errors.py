"""What can go wrong in digests, signatures, chain, tree and checkpoints.

StatedError
└── HashingError
    ├── NotCanonicalError
    ├── MalformedLineError
    ├── ChainBrokenError
    │   └── MalformedEntryError
    ├── ProofError
    │   ├── ProofLengthError
    │   └── RootMismatchError
    ├── TileError
    ├── CheckpointError
    │   └── CheckpointOriginError
    ├── KeyFormatError
    ├── AllowedSignersError
    └── SignatureError

A fact that is itself a phrase is a member of a StrEnum here (`…Problem`, `KeyForm`, `Absent`), its value marked with
`N_`: who translates a template translates such facts too.
"""

import os
import unicodedata
from enum import StrEnum
from typing import ClassVar


def N_(template: str) -> str:
    """Mark `template` for the message catalogue; the text itself is returned unchanged."""
    return template


# Bidirectional overrides and isolates can make a file name read as another one (Unicode TR 36).
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown(path: bytes | str | os.PathLike[str]) -> str:
    """Return `path` as one printable line that cannot pretend to be another name.

    Control characters and bidirectional overrides become escapes, bytes that are not UTF-8 become `\\xNN`.
    """
    if type(path) is str and path.isascii() and path.isprintable():
        return path  # most of what is shown are names of our own
    raw = path if isinstance(path, bytes) else os.fsencode(os.fspath(path))
    text = raw.decode("utf-8", "backslashreplace")
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in {"Cc", "Zl", "Zp"} or character in _BIDI_CONTROLS
        else character
        for character in text
    )


class Statement:
    """A phrase built from facts, to stand as a fact inside an error: a template and what fills it."""

    __slots__ = ("facts", "template")

    def __init__(self, template: str, **facts: object) -> None:
        self.template = template
        self.facts = facts

    def __str__(self) -> str:
        return self.template.format(**self.facts)


class StatedError(Exception):
    """An error built from facts.

    `template` is the English text with named fields (and the message id of its translation), `facts` fills it,
    `code` is stable and part of the interface.
    """

    code: ClassVar[str] = "error"
    template: ClassVar[str] = "{what}"

    def __init__(self, **facts: object) -> None:
        super().__init__(self.template.format(**facts))
        self.facts = facts


class HashingError(StatedError):
    """Bytes, signatures or proofs are not what they must be."""


class ValueProblem(StrEnum):
    """Why a value has no canonical line."""

    FLOAT = N_("a number with a fraction or exponent; write it as text or as an integer of a smaller unit")
    LARGE_INTEGER = N_("an integer beyond 2^53; write it as text")
    KEY = N_("a key that is not ASCII text")
    SURROGATE = N_("text with half a surrogate pair, which has no UTF-8 form")
    NOT_JSON = N_("a value that is no JSON type")
    TOO_DEEP = N_("nested too deeply")
    TOO_LONG = N_("longer than 16384 bytes; split it into several entries")


class NotCanonicalError(HashingError):
    """A value cannot be written as a canonical line."""

    code = "not-canonical"
    template = N_("This cannot be written to the ledger: at {place} there is {problem}.")


class LineProblem(StrEnum):
    """Why a line is not one JSON object of ours."""

    TOO_LONG = N_("longer than 16384 bytes")
    NOT_UTF8 = N_("not valid UTF-8")
    NOT_JSON = N_("not valid JSON")
    NOT_ONE_OBJECT = N_("not exactly one JSON object")
    DUPLICATE_KEY = N_("a key that appears twice")
    FLOAT = N_("a number with a fraction or exponent")
    TOO_DEEP = N_("nested too deeply")


class MalformedLineError(HashingError):
    """Bytes are not one JSON object of the kind the ledger holds."""

    code = "malformed-line"
    template = N_("Expected one line of JSON with unique keys and whole numbers, found: {problem}.")


class Absent(StrEnum):
    """Stands where a message shows what was found, and nothing was."""

    NOTHING = N_("nothing")


class ChainBrokenError(HashingError):
    """An entry does not follow from the one before it; `facts["seq"]` is the first bad one."""

    code = "chain-broken"
    template = N_(
        "Ledger entry {seq}: `{field}` should be {expected}, found {found}. "
        "This entry or the one before it was changed, removed or inserted."
    )


class MalformedEntryError(ChainBrokenError):
    """A ledger entry is not even a readable line."""

    code = "malformed-entry"
    template = N_("Ledger entry {seq}: expected one line of JSON with unique keys and whole numbers, found: {problem}.")


class ProofError(HashingError):
    """A Merkle proof does not prove what it should."""


class ProofLengthError(ProofError):
    """A proof has too many or too few hashes for its tree sizes."""

    code = "proof-length"
    template = N_("The proof for tree size {size} needs {expected} hashes, found {found}.")


class RootMismatchError(ProofError):
    """A proof leads to another root."""

    code = "root-mismatch"
    template = N_("The root of the ledger at size {size} should be {expected}, the proof leads to {found}.")


class TileProblem(StrEnum):
    """Why an entry bundle cannot be read."""

    CUT_SHORT = N_("it ends in the middle of an entry")
    COUNT = N_("it holds another number of entries than its name says")


class TileError(HashingError):
    """Bytes are not an entry bundle."""

    code = "tile-malformed"
    template = N_("The ledger file {path} is damaged: {problem}.")


class CheckpointProblem(StrEnum):
    """Why a note is not a checkpoint that can be trusted."""

    NOT_TEXT = N_("it is not plain UTF-8 text")
    NO_SIGNATURE_PART = N_("text and signatures are not separated by an empty line")
    BODY_LINES = N_("the text is not exactly three lines: origin, size, root")
    ORIGIN = N_("the origin is empty or holds a space or a plus sign")
    SIZE = N_("the size is not a plain decimal number")
    ROOT = N_("the root is not 32 bytes of plain base64")
    SIGNATURE_LINE = N_("a signature line is malformed")
    DUPLICATE_SIGNATURE = N_("two signature lines name the same key")
    NOT_SIGNED = N_("it carries no signature of the expected key")
    BAD_SIGNATURE = N_("the signature does not belong to this text")


class CheckpointError(HashingError):
    """A note is not a checkpoint signed by the expected key."""

    code = "checkpoint-refused"
    template = N_("The checkpoint was refused: {problem}. Expected key: {key_name}.")


class CheckpointOriginError(CheckpointError):
    """A checkpoint is of another ledger."""

    code = "checkpoint-origin"
    template = N_("The checkpoint belongs to the ledger {found}, expected {expected}.")


class KeyForm(StrEnum):
    """What kind of key was expected."""

    CHECKPOINT_PUBLIC = N_("a checkpoint key (vkey)")
    CHECKPOINT_PRIVATE = N_("a private checkpoint key")
    SSH_PUBLIC = N_("an SSH public key")
    SSH_PRIVATE = N_("an OpenSSH private key without passphrase")


class KeyProblem(StrEnum):
    """Why a text is not a key."""

    MALFORMED = N_("it is malformed")
    UNKNOWN_TYPE = N_("its type is neither ssh-ed25519 nor sk-ssh-ed25519@openssh.com")
    TYPE_DIFFERS = N_("the named type and the type inside the key differ")
    LENGTH = N_("the key has the wrong length")
    NOT_PLAIN_BASE64 = N_("it is not plain base64")
    KEY_HASH = N_("name, key and key hash do not belong together")
    ENCRYPTED = N_("it is protected by a passphrase, which a station key cannot be")
    NOT_ED25519 = N_("it is not an Ed25519 key")


class KeyFormatError(HashingError):
    """A text is not a key of the expected kind; key material is never part of the message."""

    code = "key-format"
    template = N_("Expected {expected}, but {problem}.")


class SignersProblem(StrEnum):
    """Why a line of an allowed_signers file is refused."""

    NOT_TEXT = N_("it is not plain text")
    FIELDS = N_('it is not: principals, namespaces="…", key type, key')
    PRINCIPAL = N_("a principal is empty or holds a wildcard or an unusual character")
    NAMESPACES_MISSING = N_("namespaces= is missing, so the key would be good for every purpose")
    NAMESPACE = N_("a namespace is empty or holds a wildcard or an unusual character")
    OPTION = N_("it has an option other than namespaces=")
    KEY = N_("the key is not one this program accepts")


class AllowedSignersError(HashingError):
    """An allowed_signers file holds a line that must not be trusted."""

    code = "allowed-signers"
    template = N_("Line {line_number} of allowed_signers was refused: {problem}.")


class SignatureProblem(StrEnum):
    """Why a signature is not accepted."""

    ARMOUR = N_("the armour is not the one form ssh-keygen writes")
    STRUCTURE = N_("its structure is damaged")
    VERSION = N_("its version is not 1")
    NAMESPACE = N_("it was made for another purpose")
    HASH_ALGORITHM = N_("its hash algorithm is not sha512")
    KEY = N_("its key is not one this program accepts")
    NOT_ALLOWED = N_("allowed_signers does not list its key for this signer and purpose")
    ALGORITHM = N_("its algorithm does not fit its key")
    NO_TOUCH = N_("the security key was not touched")
    BAD_SIGNATURE = N_("it does not belong to these bytes")


class SignatureError(HashingError):
    """An SSH signature does not prove that the named signer signed these bytes for this purpose."""

    code = "signature-refused"
    template = N_("The signature of {principal} for {namespace} was refused: {problem}.")
