"""The documents as tests read them: sections, tables, code blocks, and what stands in backticks."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")

_BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.M | re.S)


def documents() -> list[str]:
    """Return every document people read, by its path from the root."""
    found = [*READMES, "CHANGELOG.md", *(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))]
    return sorted(found)


def text_of(document: str) -> str:
    """Return the text of a document."""
    return (ROOT / document).read_text(encoding="utf-8")


def section(document: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one; subsections are not part of it."""
    parts = re.split(r"^(#+ .*)$", text_of(document), flags=re.M)
    (body,) = [body for title, body in zip(parts[1::2], parts[2::2], strict=True) if title.lstrip("# ") == heading]
    return body


def headings(document: str) -> list[tuple[int, str]]:
    """Return level and text of every heading, code blocks left out."""
    prose = _BLOCK.sub("", text_of(document))
    return [(len(marks), title) for marks, title in re.findall(r"^(#+) (.*)$", prose, re.M)]


def rows(body: str) -> list[list[str]]:
    """Return the cells of every table in `body`, without headings and separators."""
    lines = [line for line in body.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    separators = [number for number, row in enumerate(cells) if all(re.fullmatch(r":?-+:?|", cell) for cell in row)]
    dropped = {*separators, *(number - 1 for number in separators)}
    return [row for number, row in enumerate(cells) if number not in dropped]


def ticked(text: str) -> list[str]:
    """Return everything that stands in backticks."""
    return re.findall(r"`([^`\n]+)`", text)


def code_blocks(text: str, language: str) -> list[str]:
    """Return the code of every block in that language, line ends joined where a backslash continues a line."""
    blocks = [match["code"] for match in _BLOCK.finditer(text) if match["language"] == language]
    return [block.replace("\\\n", " ") for block in blocks]


def command_lines(document: str) -> Iterator[str]:
    """Yield every line of shell in a document."""
    for block in code_blocks(text_of(document), "sh"):
        yield from (line for line in block.splitlines() if line.strip())


def below_marker(document: str, marker: str) -> str:
    """Return what follows the line `<!-- marker -->`, up to the next empty line after it began."""
    _, _, after = text_of(document).partition(f"<!-- {marker} -->\n")
    return after.partition("\n\n")[0] + "\n"
