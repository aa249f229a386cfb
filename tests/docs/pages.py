"""What the pages of the documentation show: commands, parameter files and Python, without the prose."""

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "jwst_denoise" / "parameters" / "files"
PAGES = sorted(
    page
    for page in [*ROOT.glob("docs/**/*.rst"), *ROOT.glob("*.md")]
    if not {"api", "_build"} & set(page.parts) and page.name != "_changes.rst"
)
_PROGRAM = r"(?:strun|jwst-denoise) "
_INLINE = re.compile(rf"`({_PROGRAM}[^`]+)`")
_LINE = re.compile(rf"^ *(?:\$ )?({_PROGRAM}.*)$", flags=re.MULTILINE)
_SUBSTITUTED = re.compile(rf"\$\(({_PROGRAM}[^)]*)\)")
_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", flags=re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^( *)\.\. code-block:: (\w+)\n\n(.*?)(?=^\1\S|\Z)", flags=re.MULTILINE | re.DOTALL)


def name_of(page):
    """Path of a page from the root, for the names of tests."""
    return str(page.relative_to(ROOT))


def blocks(page, language):
    """Text of the code blocks of a page in a language."""
    text = page.read_text()
    if page.suffix == ".md":
        found = [(kind, body) for kind, body in _FENCE.findall(text)]
    else:
        found = [(kind, body) for _, kind, body in _BLOCK.findall(text)]
    return [textwrap.dedent(body) for kind, body in found if kind == language]


def commands(page):
    """Lines of a page that run ``strun`` or ``jwst-denoise``, and what stands in their substitutions."""
    text = page.read_text().replace("\\\n", " ")
    literal = "\n".join(blocks(page, "sh")) if page.suffix == ".md" else _indented(text)
    found = [*_LINE.findall(literal), *_INLINE.findall(text), *_SUBSTITUTED.findall(text)]
    return [command.strip() for command in found if "…" not in command]


def _indented(text):
    """Lines that are no prose."""
    return "\n".join(line for line in text.splitlines() if line.startswith("  "))
