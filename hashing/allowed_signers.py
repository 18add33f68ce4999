"""The `allowed_signers` file: who may sign with which key for which purpose (ssh-keygen(1), ALLOWED SIGNERS).

Read more narrowly than ssh-keygen reads it, never more widely: no wildcards, no certificate authorities, no validity
times (validity is judged by ledger position), and every line names its namespaces, because ssh-keygen takes a line
without them for every purpose.
"""

import re
from dataclasses import dataclass
from typing import Self

from hashing.errors import AllowedSignersError, KeyFormatError, SignersProblem
from hashing.ssh_keys import SshPublicKey

# Nothing that ssh-keygen would take as a pattern, a list, a quote or a comment.
_NAME = re.compile(r"[A-Za-z0-9._@-]+")
_NAMESPACES = re.compile(r'namespaces="([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedSigner:
    """One line: these principals may sign with this key in these namespaces."""

    principals: tuple[str, ...]
    namespaces: tuple[str, ...]
    key: SshPublicKey

    def __post_init__(self) -> None:
        for names in (self.principals, self.namespaces):
            if not names or not all(_NAME.fullmatch(name) for name in names):
                raise ValueError(f"not names that allowed_signers can hold: {names!r}")

    @classmethod
    def parse(cls, line: str, line_number: int = 1) -> Self:
        """Return the signer of one line.

        Raises:
            AllowedSignersError: the line is malformed or says more than this program accepts.
        """
        fields = line.split(" ", 2)
        if len(fields) < 3:
            raise AllowedSignersError(line_number=line_number, problem=SignersProblem.FIELDS)
        principals = tuple(fields[0].split(","))
        if not all(_NAME.fullmatch(name) for name in principals):
            raise AllowedSignersError(line_number=line_number, problem=SignersProblem.PRINCIPAL)
        namespaces = _parse_namespaces(fields[1], line_number)
        try:
            key = SshPublicKey.parse(fields[2])
        except KeyFormatError as err:
            raise AllowedSignersError(line_number=line_number, problem=SignersProblem.KEY) from err
        return cls(principals=principals, namespaces=namespaces, key=key)

    @property
    def line(self) -> str:
        """The line, without a line end."""
        return f'{",".join(self.principals)} namespaces="{",".join(self.namespaces)}" {self.key.line}'


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedSigners:
    """A whole file."""

    signers: tuple[AllowedSigner, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Return the signers of a file; empty lines and lines that start with `#` are skipped.

        Raises:
            AllowedSignersError: a line is malformed or says more than this program accepts.
        """
        signers = []
        for line_number, raw in enumerate(data.split(b"\n"), 1):
            try:
                line = raw.decode()
            except UnicodeDecodeError as err:
                raise AllowedSignersError(line_number=line_number, problem=SignersProblem.NOT_TEXT) from err
            if not line.isprintable():
                raise AllowedSignersError(line_number=line_number, problem=SignersProblem.NOT_TEXT)
            if line and not line.startswith("#"):
                signers.append(AllowedSigner.parse(line, line_number))
        return cls(signers=tuple(signers))

    def format(self) -> bytes:
        """Return the file."""
        return "".join(f"{signer.line}\n" for signer in self.signers).encode()

    def allows(self, *, principal: str, namespace: str, key: SshPublicKey) -> bool:
        """Return whether `principal` may sign with `key` in `namespace`."""
        return any(
            principal in signer.principals and namespace in signer.namespaces and key == signer.key
            for signer in self.signers
        )


def _parse_namespaces(option: str, line_number: int) -> tuple[str, ...]:
    match = _NAMESPACES.fullmatch(option)
    if match is None:
        has_namespaces = "namespaces=" in option
        problem = SignersProblem.OPTION if has_namespaces else SignersProblem.NAMESPACES_MISSING
        raise AllowedSignersError(line_number=line_number, problem=problem)
    namespaces = tuple(match[1].split(","))
    if not all(_NAME.fullmatch(name) for name in namespaces):
        raise AllowedSignersError(line_number=line_number, problem=SignersProblem.NAMESPACE)
    return namespaces
