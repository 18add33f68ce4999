"""SSH keys: public lines, and the station's private key file."""

import base64
import re

import pytest

from hashing.errors import KeyFormatError, KeyProblem
from hashing.ssh_keys import KeyType, SigningKey, SshPublicKey
from hashing.ssh_wire import wire_string
from tests.hashing.ssh import STATION_KEY, SshKeygen

SOFTWARE = STATION_KEY.public
SECURITY = SshPublicKey(key_type=KeyType.SK_ED25519, ed25519=SOFTWARE.ed25519, application="ssh:")


def base64_of(blob: bytes) -> str:
    """Return `blob` as it stands in a key line."""
    return base64.b64encode(blob).decode()


@pytest.mark.parametrize("key", [SOFTWARE, SECURITY])
def test_a_public_key_reads_back_from_its_line(key: SshPublicKey) -> None:
    assert SshPublicKey.parse(key.line) == key
    assert SshPublicKey.parse(f"{key.line} 保管员 张三\n").comment == "保管员 张三"
    assert SshPublicKey.parse(f"{key.line} a comment").line == f"{key.text} a comment"


def test_keys_are_equal_whatever_their_comments() -> None:
    assert SshPublicKey.parse(f"{SOFTWARE.text} one") == SshPublicKey.parse(f"{SOFTWARE.text} two")
    assert SOFTWARE != SECURITY


@pytest.mark.parametrize("key", [SOFTWARE, SECURITY])
def test_fingerprints_are_those_ssh_keygen_shows(key: SshPublicKey, ssh_keygen: SshKeygen) -> None:
    (ssh_keygen.folder / "key.pub").write_text(key.line + "\n")
    assert ssh_keygen.run("-l", "-f", "key.pub").split()[1].decode() == key.fingerprint


def test_ssh_keygen_reads_our_private_key_and_we_read_its(ssh_keygen: SshKeygen) -> None:
    ours = ssh_keygen.folder / "ours"
    ours.touch(mode=0o600)
    ours.write_bytes(STATION_KEY.to_openssh())
    assert SshPublicKey.parse(ssh_keygen.run("-y", "-f", "ours").decode()) == SOFTWARE
    ssh_keygen.run("-q", "-t", "ed25519", "-N", "", "-C", "a comment", "-f", "theirs")
    theirs = SigningKey.from_openssh((ssh_keygen.folder / "theirs").read_bytes())
    assert theirs.public == SshPublicKey.parse((ssh_keygen.folder / "theirs.pub").read_text())


def test_a_new_key_reads_back_from_its_file() -> None:
    key = SigningKey.generate()
    assert SigningKey.from_openssh(key.to_openssh()).public == key.public
    assert key.public != STATION_KEY.public


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["-t", "ed25519", "-N", "passphrase"], KeyProblem.ENCRYPTED),
        (["-t", "ecdsa", "-N", ""], KeyProblem.NOT_ED25519),
    ],
)
def test_private_keys_a_station_cannot_use_are_refused(
    options: list[str], problem: KeyProblem, ssh_keygen: SshKeygen
) -> None:
    ssh_keygen.run("-q", *options, "-f", "key")
    with pytest.raises(KeyFormatError) as caught:
        SigningKey.from_openssh((ssh_keygen.folder / "key").read_bytes())
    assert str(caught.value) == f"Expected an OpenSSH private key without passphrase, but {problem}."


@pytest.mark.parametrize("cut", [0, 10, 200])
def test_a_damaged_private_key_is_refused_without_showing_it(cut: int) -> None:
    pem = STATION_KEY.to_openssh()[:cut]
    with pytest.raises(KeyFormatError, match="but it is malformed"):
        SigningKey.from_openssh(pem)


ED25519, SK = wire_string(b"ssh-ed25519"), wire_string(b"sk-ssh-ed25519@openssh.com")
POINT = wire_string(SOFTWARE.ed25519)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("", KeyProblem.MALFORMED),
        ("ssh-ed25519", KeyProblem.MALFORMED),
        (f"{SOFTWARE.text} a\tcomment", KeyProblem.MALFORMED),
        (f"{SOFTWARE.text} a\u202ecomment", KeyProblem.MALFORMED),
        (f"{SOFTWARE.text}\n\n", KeyProblem.MALFORMED),
        (f"ssh-ed25519 {base64_of(ED25519)}", KeyProblem.MALFORMED),
        (f"ssh-ed25519 {base64_of(ED25519 + POINT + b'x')}", KeyProblem.MALFORMED),
        (f"ssh-ed25519 {base64_of(ED25519 + POINT[:-1])}", KeyProblem.MALFORMED),
        (f"sk-ssh-ed25519@openssh.com {base64_of(SK + POINT)}", KeyProblem.MALFORMED),
        (f"ssh-ed25519 {base64_of(ED25519 + POINT + wire_string(b'ssh:'))}", KeyProblem.MALFORMED),
        (f"ssh-ed25519 {base64_of(ED25519 + wire_string(bytes(31)))}", KeyProblem.LENGTH),
        (f"ssh-ed25519 {base64_of(SECURITY.blob)}", KeyProblem.TYPE_DIFFERS),
        (f"ssh-rsa {base64_of(wire_string(b'ssh-rsa') + POINT)}", KeyProblem.UNKNOWN_TYPE),
        (SOFTWARE.text + "=", KeyProblem.NOT_PLAIN_BASE64),
        (SOFTWARE.text.replace(" ", "  "), KeyProblem.MALFORMED),
    ],
)
def test_a_line_that_is_no_plain_public_key_is_refused(line: str, problem: KeyProblem) -> None:
    with pytest.raises(KeyFormatError) as caught:
        SshPublicKey.parse(line)
    assert str(caught.value) == f"Expected an SSH public key, but {problem}."


def test_parts_that_do_not_fit_make_no_key() -> None:
    with pytest.raises(ValueError, match=re.escape("do not make a key of type ssh-ed25519")):
        SshPublicKey(key_type=KeyType.ED25519, ed25519=bytes(32), application="ssh:")
    with pytest.raises(ValueError, match="do not make a key"):
        SshPublicKey(key_type=KeyType.SK_ED25519, ed25519=bytes(32))


def test_the_private_key_is_not_shown_by_accident() -> None:
    assert repr(STATION_KEY) == "SigningKey()"
