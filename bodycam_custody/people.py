"""People as the ledger knows them: an opaque id, a role and a public key; never a name."""

import re
from dataclasses import dataclass
from pathlib import Path

from bodycam_custody.entries import PersonId
from bodycam_custody.errors import PersonRefusedError
from bodycam_custody.roles import Role
from hashing.errors import N_, KeyFormatError, Statement
from hashing.ssh_keys import SshPublicKey

_PERSON_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person as appointed at genesis."""

    person_id: PersonId
    role: Role
    key: SshPublicKey


def parse_person_id(text: str) -> PersonId:
    """Return `text` as a person id.

    Raises:
        PersonRefusedError: it is not 1 to 32 of a-z, 0-9 and -.
    """
    if not _PERSON_ID.fullmatch(text):
        raise PersonRefusedError(text=text, reason=Statement(N_("The id is not 1 to 32 of a-z, 0-9 and -.")))
    return PersonId(text)


def parse_person(text: str) -> Person:
    """Read `ID:ROLE:KEY`, KEY being an OpenSSH public key line or the path of a file with one.

    The comment of the key, which often is a name, is dropped.

    Raises:
        PersonRefusedError: says which part is wrong.
    """
    parts = text.split(":", 2)
    if len(parts) != 3:
        raise PersonRefusedError(text=text, reason=Statement(N_("It has not three parts.")))
    person_id, role, key = parts
    if not _PERSON_ID.fullmatch(person_id):
        raise PersonRefusedError(text=text, reason=Statement(N_("The id is not 1 to 32 of a-z, 0-9 and -.")))
    if role not in list(Role):
        roles = ", ".join(Role)
        raise PersonRefusedError(text=text, reason=Statement(N_("The role is none of {roles}."), roles=roles))
    return Person(person_id=PersonId(person_id), role=Role(role), key=_parse_key(text, key))


def parse_key(key: str) -> SshPublicKey:
    """Read an OpenSSH public key line, or the file with one; the comment is dropped from what is entered.

    Raises:
        PersonRefusedError: it is neither.
    """
    return _parse_key(key, key)


def _parse_key(text: str, key: str) -> SshPublicKey:
    line = key
    if " " not in key:
        try:
            line = Path(key).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as err:
            reason = Statement(N_("The key file cannot be read: {problem}."), problem=err)
            raise PersonRefusedError(text=text, reason=reason) from err
    try:
        return SshPublicKey.parse(line)
    except KeyFormatError as err:
        raise PersonRefusedError(text=text, reason=err) from err
