"""Whether a decision is signed by those it is by, with the keys that count at its place in the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass

from bodycam_custody.decisions.errors import SignatureMissingError, SignerWithoutKeyError
from bodycam_custody.decisions.register import NEW_KEY, Register
from bodycam_custody.decisions.text import Decision, render
from bodycam_custody.entries import PersonId
from hashing.allowed_signers import AllowedSigner, AllowedSigners
from hashing.canonical import Json
from hashing.ssh_keys import SshPublicKey
from hashing.sshsig import verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A person's signature over the text of a decision, verified, with the key that made it."""

    person: PersonId
    key: SshPublicKey
    armoured: bytes

    def to_facts(self) -> dict[str, Json]:
        """Return it as it stands in an entry: an outsider verifies it again from there."""
        return {"person": self.person, "key": self.key.text, "signature": self.armoured.decode("ascii")}


def require_signatures(
    decision: Decision, armoured: Mapping[PersonId, bytes], register: Register, *, seq: int
) -> tuple[Signature, ...]:
    """Return the signatures of all whom `decision` is by, for an entry at ledger position `seq`.

    Not checked: that they may decide this (roles and dates are the verb's business), and that nobody used it before.

    Raises:
        SignatureMissingError: one of them did not sign.
        SignerWithoutKeyError: no key signs for one of them there.
        SignatureError: a signature is of another text, verb, person or key, or was made without touch.
    """
    text, found = render(decision), []
    for person in sorted(decision.by):
        if person not in armoured:
            raise SignatureMissingError(person=person, namespace=decision.verb.namespace.value)
        key = _key_given(decision) if person.startswith(NEW_KEY) else register.key_of(person, seq=seq)
        if key is None:
            raise SignerWithoutKeyError(person=person, seq=seq)
        namespace = decision.verb.namespace
        signers = AllowedSigners(signers=(AllowedSigner(principals=(person,), namespaces=(namespace,), key=key),))
        verify(text, armoured[person], signers=signers, principal=person, namespace=namespace)
        found.append(Signature(person=person, key=key, armoured=armoured[person]))
    return tuple(found)


def _key_given(decision: Decision) -> SshPublicKey | None:
    line = decision.said.get("key")
    return None if line is None else SshPublicKey.parse(line)
