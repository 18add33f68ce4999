"""A password that does not get into logs, messages or reports by accident."""

import hashlib
import hmac
import re
from typing import Final, NoReturn

# Neither family can quote: a separator, a line end or a NUL in a password would start another command.
_PASSWORD: Final = re.compile(rb"[A-Za-z0-9!$%&()*+,./:<>?\[\]^_{|}~-]{1,64}")

_FACTORY_DOMAIN: Final = b"bodycam-custody factory password v1\n"
# What makers ship with, as digests: a list of passwords in the clear would find its way into logs and manuals.
_FACTORY_DIGESTS: Final = frozenset(
    {
        "0272f329587219a8acff7878921c8be5b31c6984ec4218a3e65216a1458b5a03",
        "04967392b3f070a2305cde69b0aa06c535d4c52c36820392eeaed55f306c3a0c",
        "0a5eec3e08305c070dd71359961db3ca04a06063bb2288e76c1348fe3944dd63",
        "2384a772f6a26e966ebf7b63309fc9e2589f9df9a233a5b4ba037eb85f1cf1d5",
        "39b63bb613164d80ccd2fe51a4ccf62a4c5865448969d26bb01e5d7dbf609ebf",
        "3ab7c8e9610549d9a9ebc521ea03557b98254eb3846c6c8d983e3017c704554e",
        "4614f9aab3db36d73fd50fb2aed5576e1417b2cee38c7894bf0b445300e63fd2",
        "689fd67d6a9a5082971a4b5171f4997b85416b0d22170f38ae22606a50ebd163",
        "695ce10cb1bdf6718aa04b8757c92bddd0b323aa88ef961e4c9dd9e14512bff3",
        "6d2d77cce3fc96c1f1fefac4251e36c29f0bf313868dc7b93d1a3c6f9974d42f",
        "7c4120aa410218a108dc337a81343048d229e7d931777a8af1e1ab59f7ad3b44",
        "8d9b68f67581613695dd12a56b87e232972a09e3afc3efe613cb0ea836a4cb63",
        "c5b42f968a48225ec5105f656fc9fe51a0aea022064362095aec0ee5f8155883",
        "cecb368db0104ff0d4ca05639450f6643be29d277fd52e984a60b92b8b03377c",
        "db3e3906095b74b36b464e2fae73be4caf8c16e2a980c41a760be503d443d113",
        "e590273487319bab23f4e85bf7eff423e8e61650b96eac481828380318b692aa",
        "f7eace62e276415afec3dd7ac9a468c5325301ff0bba30744fe63ed8ce69f3d5",
    }
)


class Secret:
    """One password. Only `reveal` gives it out; text, representation and pickles of it hold nothing.

    No value type of ours: a dataclass would print its field.
    """

    __slots__ = ("_password",)

    def __init__(self, password: bytes) -> None:
        """Keep `password`.

        Raises:
            ValueError: it is empty, longer than 64 characters or holds one that would end a command; not quoted.
        """
        if not is_password(password):
            raise ValueError("not a password a recorder can be sent")
        self._password = password

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a password is not pickled")

    def reveal(self) -> bytes:
        """Return the password, to be sent and for nothing else."""
        return self._password

    def is_factory_password(self) -> bool:
        """Return whether a maker ships recorders with this password, so that everybody knows it."""
        found = factory_digest(self._password)
        return any(hmac.compare_digest(found, known) for known in _FACTORY_DIGESTS)

    def is_in(self, data: bytes) -> bool:
        """Return whether `data` gives the password away."""
        return self._password in data


def is_password(password: bytes) -> bool:
    """Return whether these bytes can be sent as a password without becoming something else."""
    return _PASSWORD.fullmatch(password) is not None


def factory_digest(password: bytes) -> str:
    """Return the form in which factory passwords are listed here."""
    return hashlib.sha256(_FACTORY_DOMAIN + password).hexdigest()
