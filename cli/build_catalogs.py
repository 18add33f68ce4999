"""Message catalogues: compiled while the wheel is built, and checked while people translate.

Hatchling loads this file as its build hook; it is not part of the wheel. `python -m cli.build_catalogs` compiles in the
source tree, with `--check TEMPLATE` it also refuses catalogues that are not complete.
"""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_FIELD = re.compile(r"\{(\w+)[^{}]*\}")


def catalog_files(locale: Path) -> list[Path]:
    """Return the translated catalogues below `locale`, in name order."""
    return sorted(locale.glob("*/LC_MESSAGES/*.po"))


def compile_catalogs(locale: Path) -> list[Path]:
    """Write a `.mo` beside every `.po` below `locale` and return them; fuzzy translations are left out.

    Each file appears whole or not at all, so tests that run side by side may compile the same catalogue.

    Raises:
        babel.messages.pofile.PoFileError: a catalogue is malformed.
    """
    compiled = []
    for source in catalog_files(locale):
        target = source.with_suffix(".mo")
        whole = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        with whole.open("wb") as stream:
            write_mo(stream, _read(source))
        whole.replace(target)
        compiled.append(target)
    return compiled


def catalog_faults(source: Path) -> list[str]:
    """Return what is wrong in one catalogue: messages untranslated or fuzzy, and fields that differ."""
    return [f"{source}: {fault}" for message in _read(source) if message.id for fault in _faults(message)]


def missing_messages(source: Path, template: Path) -> list[str]:
    """Return which messages of the freshly extracted `template` one catalogue does not have at all."""
    catalog = _read(source)
    with template.open("rb") as stream:
        wanted = [message.id for message in read_po(stream) if message.id]
    return [f"{source}: not in the catalogue: {_texts(text)[0]!r}" for text in wanted if text not in catalog]


def _read(source: Path) -> Catalog:
    with source.open("rb") as stream:
        return read_po(stream, locale=source.parts[-3], abort_invalid=True)


def _texts(text: str | Sequence[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())


def _faults(message: Message) -> Iterator[str]:
    originals, translations = _texts(message.id), _texts(message.string)
    if not all(translations):
        yield f"not translated: {originals[0]!r}"
        return
    if message.fuzzy:
        yield f"marked fuzzy, so not used: {originals[0]!r}"
    fields = {field for text in originals for field in _FIELD.findall(text)}
    for translation in translations:
        if fields != set(_FIELD.findall(translation)):
            yield f"other fields than the original: {originals[0]!r}"


class CatalogBuildHook(BuildHookInterface[BuilderConfig]):
    """Compiles the catalogues before hatchling collects files; an editable install uses them in the source tree."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # hatchling's interface
        """Compile and name the results as build artifacts, because version control ignores them."""
        root = Path(self.root)
        compiled = compile_catalogs(root / "cli" / "locale")
        build_data["artifacts"].extend(f"/{file.relative_to(root).as_posix()}" for file in compiled)


def main(arguments: Sequence[str]) -> None:
    """Compile the catalogues of the source tree; with `--check TEMPLATE`, exit 1 and name what is incomplete."""
    locale = Path(__file__).parent / "locale"
    compile_catalogs(locale)
    if arguments[:1] == ["--check"]:
        template = Path(arguments[1])
        sources = catalog_files(locale)
        faults = [fault for source in sources for fault in missing_messages(source, template) + catalog_faults(source)]
        sys.exit("\n".join(faults) or 0)


if __name__ == "__main__":
    main(sys.argv[1:])
