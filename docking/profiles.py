"""Which recorder families are known, and which of them a card belongs to."""

from collections.abc import Iterable
from dataclasses import replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docking.errors import ProfileInvalidError
from docking.profile import NameFacts, NameGrammar, RecorderProfile, TimeSource
from docking.profile_format import parse_profile
from hashing.errors import shown

if TYPE_CHECKING:
    from docking.inventory import Inventory

__all__ = [
    "GENERIC_PROFILE",
    "NameFacts",
    "NameGrammar",
    "RecorderProfile",
    "TimeSource",
    "choose_profile",
    "load_profiles",
]

GENERIC_PROFILE: Final = "generic"
"""The name of the profile for a card that no recorder family claims."""


def load_profiles(directory: Path | None = None) -> tuple[RecorderProfile, ...]:
    """Return the profiles that ship with the package and those in `directory`, sorted by name.

    A profile in `directory` replaces a shipped one of the same name. Extensions that a family does not list keep the
    type the generic profile gives them.

    Raises:
        ProfileInvalidError: a file is not a profile; it names file, field and reason.
    """
    folders: list[Traversable] = [resources.files("docking") / "profiles"]
    if directory is not None:
        folders.append(directory)
    profiles = {profile.name: profile for folder in folders for profile in _load_folder(folder)}
    types = profiles[GENERIC_PROFILE].types
    return tuple(replace(profile, types={**types, **profile.types}) for _, profile in sorted(profiles.items()))


def choose_profile(inventory: "Inventory", profiles: Iterable[RecorderProfile]) -> RecorderProfile:
    """Return the profile that explains most of the card: by names within its folders, then by its folders alone.

    The generic profile is returned where no other explains anything; ties go to the first name. The choice decides how
    names are read, never what is kept.

    Raises:
        ValueError: there is no generic profile among `profiles`.
    """
    candidates = sorted(profiles, key=lambda profile: profile.name)
    generic = next((profile for profile in candidates if profile.name == GENERIC_PROFILE), None)
    if generic is None:
        raise ValueError("no generic profile among the profiles")
    paths = [file.path for file in inventory.files]
    best, best_score = generic, (0, 0)
    for profile in candidates:
        score = (0, 0) if profile is generic else _score(profile, paths)
        if score > best_score:
            best, best_score = profile, score
    return best


def _score(profile: RecorderProfile, paths: Iterable[bytes]) -> tuple[int, int]:
    in_folders = [path for path in paths if not profile.clip_folders or profile.is_clip_folder(path)]
    named = sum(profile.fits_name(path) for path in in_folders)
    return named, len(in_folders) if profile.clip_folders else 0


def _load_folder(folder: Traversable) -> list[RecorderProfile]:
    try:
        files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    except OSError as err:
        raise ProfileInvalidError(
            path=shown(str(folder)), field="(folder)", expected="a folder of *.toml", found=str(err.strerror)
        ) from err
    return [parse_profile(file.read_bytes(), str(file)) for file in files]
