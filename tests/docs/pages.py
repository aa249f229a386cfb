"""What the pages of the documentation show: code blocks, commands and parameter files, without the prose."""

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
_SUBSTITUTED = re.compile(rf"\$\(({_PROGRAM}[^)]*)\)")
_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", flags=re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(
    r"^( *)(?:\.\. code-block:: (\w+)|(?!\.\. ).*(?<=:):|::)\n\n((?:\1 +\S.*\n|[ ]*\n)+)", flags=re.MULTILINE
)


def name_of(page):
    """Path of a page from the root, for the names of tests."""
    return str(page.relative_to(ROOT))


def code_blocks(page):
    """Kind and text of the code blocks of a page, in their order; what follows ``::`` is of the kind ``sh``."""
    text = page.read_text()
    if page.suffix == ".md":
        pairs = _FENCE.findall(text)
    else:
        pairs = [(kind or "sh", body) for _, kind, body in _BLOCK.findall(text + "\n")]
    return [(kind, textwrap.dedent(body)) for kind, body in pairs]


def blocks(page, language):
    """Text of the code blocks of a page in a language."""
    return [body for kind, body in code_blocks(page) if kind == language]


def shell_lines(body):
    """Commands of a block, without prompts and the output of a console."""
    lines = body.replace("\\\n", " ").splitlines()
    if any(line.startswith("$ ") for line in lines):
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def commands(page):
    """Commands of a page that run ``strun`` or ``jwst-denoise``, in blocks, in sentences and in substitutions."""
    text = page.read_text()
    lines = [line for kind in ("sh", "console") for body in blocks(page, kind) for line in shell_lines(body)]
    shown = [line for line in lines if re.match(_PROGRAM, line)]
    shown += [*_INLINE.findall(text), *_SUBSTITUTED.findall(text)]
    return [command.strip() for command in shown if "…" not in command]
