"""Names, comments, messages and pages use the terms of the field, in American English.

A failure lists file, line, the words found, and what to write instead.
"""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROSE = ["*.md", "*.cff", "*.cfg", "docs/**/*.rst", "changes/*.rst", "notebooks/*.ipynb", ".github/**/*.yml", ".ci/run"]
CODE = [
    *("jwst_denoise/**/*.py", "jwst_denoise/**/*.html", "jwst_denoise/**/*.js", "jwst_denoise/**/*.css"),
    *("jwst_denoise/**/*.yaml", "jwst_denoise/parameters/**/*.asdf", "benchmarks/**/*.py", "benchmarks/*.toml"),
    *("tests/**/*.py", "tools/**/*.py", "tools/cards/**/card.md", "docs/**/*.py", "docs/**/*.toml", "pyproject.toml"),
]
SKIPPED = re.compile(r"^docs/(api|_build)/|^docs/_changes.rst$|^tests/test_language.py$")

#: Words and phrases of the glossary -> what to write instead. Identifiers are split into their words first.
PHRASES = {
    r"light": "flux, signal, emission, photons",
    r"by light": "Poisson",
    r"lit|unlit": "illuminated, background",
    r"(blank|faint|quiet|calm) pixels?": "background pixels",
    r"puts? back|putting back|gets back": "restore",
    r"figures? of trust": "quality metrics",
    r"(the|these|all|its|their|such|whose) figures (are|is|of|that|say|mean|come|from|on|belong)": "numbers, metrics",
    r"judges?|judged|judging": "check, evaluate, QualityMonitor",
    r"likeness": "DomainScore",
    r"tells?|told|telling": "indicate, predict, report",
    r"prejudices?": "bias",
    r"spares?|spared|sparing": "protect",
    r"share of (the )?network|network share": "network weight",
    r"hands? over|handed over": "blend with the observation, pass",
    r"goe?s? over( \w+)? to (the )?(fit|observation|input)": "blend into",
    r"peers?": "reference method",
    r"foreign": "out of distribution",
    r"asked": "target, requested",
    r"ours": "jwst_denoise",
    r"our (own|steps?|networks?|threshold|package|pipeline|simulator|section|parameters|names?)": "the package's",
    r"by itself|by themselves": "automatically, alone, independently",
    r"of (its|their|one's) own": "own, separate",
    r"what is left|what there is": "the residual, or the name of the thing",
    r"takes? out|taken out|taking out|takes? off|taken off": "subtract, remove",
    r"whatever the \w+ thinks": "by construction",
    r"nobody (has|knows|else|flagged|flags|asked)": "unflagged, unknown",
    r"(?<!there\W)is no (?!longer|more|way|need|different|faster|slower|better|worse|less|such)\w+": "is not a …",
    r"are (it|they) entirely": "unchanged",
    r"for want of": "possibly out of",
    r"to be (looked|had|seen) at|to be had": "check, available",
    r"datum": "value, valid data",
    r"the very (image|same|exposure|frame|data)": "the same",
    r"behind (stage|jump|the jump|ramp fit|photom|flat field)": "after",
    r"less (the|that of|its|group|of the)": "minus",
    r"hangs?|hanging": "attach",
    r"of no effect": "has no effect",
    r"learnt|spelt|misspelt|burnt|amongst|whilst|thereof|wherein|hereby": "learned, spelled, among, while",
    r"guesses|guess(es)? at": "predict, estimate",
    r"knows? nothing": "does not include",
    r"belongs? into": "belongs in",
    r"of interest|of use": "interesting, useful",
    r"half a file": "incomplete file",
}  # fmt: skip
#: British spellings -> American.
SPELLINGS = {
    r"haloes": "halos",
    r"colour\w*": "color",
    r"neighbour\w*": "neighbor",
    r"centre[sd]?|centring": "center",
    r"catalogue\w*": "catalog",
    r"behaviour\w*": "behavior",
    r"(fav|hon|lab|vap|rig|flav|harb|hum|od|arm)our\w*": "-or",
    r"grey\w*": "gray",
    r"(label|model|travel|cancel|signal|channel|level|tunnel)l(ed|ing)": "one l",
    r"\w*(normal|minim|maxim|organ|recogn|summar|initial|optim|general|local|serial|parallel|regular|quant|real|util|final"
    r"|visual|character|emphas|standard|penal|categor|special|central|synchron|custom|stabil|random|vector|linear)"
    r"is(e|es|ed|ing|ations?)": "-ize",
    r"analyse[ds]?|analysing": "analyze",
    r"artefacts?": "artifact",
    r"(milli|centi|kilo|micro|nano)?metres?": "meter",
    r"programmes?": "program",
    r"fibres?": "fiber",
    r"judgements?": "judgment",
    r"licences?": "license",
    r"practise[ds]?|(def|off|pret)ences?": "practice, -ense",
    r"(after|to|back|for|up|down)wards": "afterward, toward, backward",
    r"sceptic\w*|draught\w*|ageing|acknowledgement\w*|fulfil|enrol|skilful": "American spelling",
}  # fmt: skip
#: Where the rejected words are right.
EXCEPTIONS = [
    r"(white( |-))?light( |-)curves?",
    r"(white|stray|scattered|zodiacal|visible) light",
    r"speed of light",
    r"(light or dark|dark or light|light dark)( theme| mode)?",
    r"only dark|color scheme light",
]
#: Names of parameters in model files of version 0.1, which `jwst_denoise.networks.build` still reads.
OLD_NAMES = r'"(spare|neighbour)"'
#: The key ``licence`` of the information in a model file.
KEY = r"""["'`.\-]licence\b|\blicence["'`:=,)]"""

#: Variables that say nothing.
VARIABLES = dict.fromkeys(
    ["facts", "seen", "found", "made", "what", "some", "taken", "asked", "told", "met", "ways", "share", "extras"],
    "the name of the thing",
)
#: Functions of the package that lack an object.
FUNCTIONS = dict.fromkeys(["choose", "take", "make", "draw", "measure"], "verb and object, as in read_images")
#: Parameters of networks.
NETWORKS = {"near": "source_box", "wide": "comparison_length", "kernel": "flux_box", "units": "input_scaling"}


def compiled(pattern):
    """Pattern whose spaces also match the end of a line, and what continues a comment."""
    return re.compile(rf"(?:{pattern})(?![a-z])".replace(" ", r"\s(?:[\s#])*"))


ALLOWED = [re.compile(KEY), re.compile(OLD_NAMES), *map(compiled, EXCEPTIONS)]
REJECTED = {compiled(pattern): better for pattern, better in (PHRASES | SPELLINGS).items()}
CAMEL_CASE = re.compile(r"[a-z](?:Light|Lit|Told|Spared|Judge|Peer|Colour|Neighbour|Centre)(?![a-z])")


def text_of(path):
    """Text of a file; of a notebook its cells."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return text


def rejected(text):
    """Offset, words and suggestion of everything that should be written otherwise."""
    plain = text.replace("_", " ").lower()
    for pattern in ALLOWED:
        plain = pattern.sub(lambda match: "·" * len(match[0]), plain)
    for pattern, better in REJECTED.items():
        for match in pattern.finditer(plain):
            if not plain[max(match.start() - 1, 0) : match.start()].isalpha():
                yield match.start(), match[0], better
    for match in CAMEL_CASE.finditer(text):
        yield match.start(), match[0], "see the words of this test"


def rejected_names(name, text):
    """Line, identifier and suggestion of the names that a module gives."""
    tree = ast.parse(text)
    variables = VARIABLES | (NETWORKS if name.startswith("jwst_denoise/networks/") else {})
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in variables:
            yield node.lineno, node.id, variables[node.id]
        elif isinstance(node, ast.arg) and node.arg in variables:
            yield node.lineno, node.arg, variables[node.arg]
    if name.startswith("jwst_denoise/"):
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name in FUNCTIONS:
                yield node.lineno, node.name, FUNCTIONS[node.name]


def findings(patterns):
    """Lines of a report on the files of some patterns."""
    for path in sorted({path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}):
        name = str(path.relative_to(ROOT))
        if SKIPPED.search(name):
            continue
        text = text_of(path)
        rows = [(text.count("\n", 0, offset) + 1, match, better) for offset, match, better in rejected(text)]
        if path.suffix == ".py":
            rows += rejected_names(name, text)
        yield from (f"{name}:{line}: {' '.join(match.split())!r}: {better}" for line, match, better in sorted(rows))


@pytest.mark.parametrize(
    "text",
    [
        "the light of stars",
        "source_light = 1",
        "what the mask\n    # tells",
        "sourceLight",
        "a colour",
        "licence terms",
    ],
)
def test_rejected(text):
    assert len(list(rejected(text))) == 1


@pytest.mark.parametrize("text", ["light_curve", "a white-light curve", "info['licence']", "`licence`", "slight"])
def test_allowed(text):
    assert list(rejected(text)) == []


def test_prose():
    assert "\n".join(findings(PROSE)) == ""


def test_code():
    assert "\n".join(findings(CODE)) == ""
