"""The allowed_signers file."""

import pytest

from hashing.allowed_signers import AllowedSigner, AllowedSigners
from hashing.errors import AllowedSignersError, SignersProblem
from tests.hashing.ssh import STATION_KEY
from tests.hashing.test_ssh_keys import SECURITY

KEY = STATION_KEY.public
LINE = f'station namespaces="custody-bag,custody-store" {KEY.text}'


def test_a_file_reads_back_as_it_was_written() -> None:
    signers = AllowedSigners(
        signers=(
            AllowedSigner(principals=("station",), namespaces=("custody-bag", "custody-store"), key=KEY),
            AllowedSigner(principals=("p-0001", "p-0002"), namespaces=("custody-bag",), key=SECURITY),
        )
    )
    assert signers.format() == f'{LINE}\np-0001,p-0002 namespaces="custody-bag" {SECURITY.text}\n'.encode()
    assert AllowedSigners.parse(signers.format()) == signers


def test_comments_and_empty_lines_are_skipped() -> None:
    text = f"# 采集站\n\n{LINE} a comment\n"
    assert len(AllowedSigners.parse(text.encode()).signers) == 1


def test_a_key_may_sign_for_its_principal_and_namespaces_only() -> None:
    signers = AllowedSigners.parse(LINE.encode())
    assert signers.allows(principal="station", namespace="custody-bag", key=KEY)
    assert signers.allows(principal="station", namespace="custody-store", key=KEY)
    assert not signers.allows(principal="other", namespace="custody-bag", key=KEY)
    assert not signers.allows(principal="station", namespace="custody", key=KEY)
    assert not signers.allows(principal="station", namespace="custody-bag", key=SECURITY)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (f"station {KEY.text}", SignersProblem.NAMESPACES_MISSING),
        (f"station cert-authority {KEY.text}", SignersProblem.NAMESPACES_MISSING),
        (f'station namespaces="custody-bag",cert-authority {KEY.text}', SignersProblem.OPTION),
        (f'station namespaces="custody-bag",valid-before="20300101" {KEY.text}', SignersProblem.OPTION),
        (f"station namespaces=custody-bag {KEY.text}", SignersProblem.OPTION),
        (f'station namespaces="" {KEY.text}', SignersProblem.NAMESPACE),
        (f'station namespaces="custody-*" {KEY.text}', SignersProblem.NAMESPACE),
        (f'station namespaces="!custody-bag,custody-store" {KEY.text}', SignersProblem.NAMESPACE),
        (f'* namespaces="custody-bag" {KEY.text}', SignersProblem.PRINCIPAL),
        (f'station, namespaces="custody-bag" {KEY.text}', SignersProblem.PRINCIPAL),
        (f'"station" namespaces="custody-bag" {KEY.text}', SignersProblem.PRINCIPAL),
        (f' station namespaces="custody-bag" {KEY.text}', SignersProblem.PRINCIPAL),
        ("station", SignersProblem.FIELDS),
        ('station namespaces="custody-bag" ssh-ed25519 AAAA', SignersProblem.KEY),
        (f'station\tnamespaces="custody-bag" {KEY.text}', SignersProblem.NOT_TEXT),
        (f'station namespaces="custody-bag" {KEY.text}\r', SignersProblem.NOT_TEXT),
    ],
)
def test_a_line_that_trusts_more_than_it_says_is_refused(line: str, problem: SignersProblem) -> None:
    with pytest.raises(AllowedSignersError) as caught:
        AllowedSigners.parse(f"# comment\n{line}\n".encode())
    assert caught.value.facts == {"line_number": 2, "problem": problem}
    assert str(caught.value) == f"Line 2 of allowed_signers was refused: {problem}."


def test_a_file_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(AllowedSignersError, match="it is not plain text"):
        AllowedSigners.parse(b"# \xff\n")


@pytest.mark.parametrize("names", [(), ("",), ("a b",), ("a,b",), ("*",), ("a#",), ('a"',)])
def test_names_that_the_file_cannot_hold_make_no_signer(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="not names that allowed_signers can hold"):
        AllowedSigner(principals=names, namespaces=("custody-bag",), key=KEY)
    with pytest.raises(ValueError, match="not names that allowed_signers can hold"):
        AllowedSigner(principals=("station",), namespaces=names, key=KEY)
