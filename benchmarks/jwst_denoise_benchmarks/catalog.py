"""All benchmarks, and how their figures are kept: a JSON file and a page for each, group by group."""

import json
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

from jwst_denoise_benchmarks import machine, pages, rows

__all__ = ["BENCHMARKS", "Benchmark", "measure"]


@dataclass(frozen=True)
class Benchmark:
    """A benchmark.

    Parameters
    ----------
    name, title : str
        For ``jwst-denoise benchmark`` and for the page.
    module : str
        Module of `jwst_denoise_benchmarks` that lists its groups.
    lists : tuple of str
        Its lists of groups, in the order of the page.
    packages : tuple of str
        Packages beside those of every benchmark whose versions count.
    """

    name: str
    title: str
    module: str
    lists: tuple = ("GROUPS",)
    packages: tuple = ("torch",)

    def groups_of(self, number=0):
        """Groups of one of the lists, as `jwst_denoise_benchmarks.suite.Group`."""
        return getattr(import_module(f"jwst_denoise_benchmarks.{self.module}"), self.lists[number])

    @property
    def groups(self):
        """All groups."""
        return [group for number in range(len(self.lists)) for group in self.groups_of(number)]


#: In the order in which they are measured.
BENCHMARKS = (
    Benchmark("chain", "The whole chain", "chain.suite"),
    Benchmark("nsclean", "Correlated noise", "nsclean.suite", ("GROUPS", "DEFAULTS"), ()),
    Benchmark(
        "cosmic_rays", "Cosmic rays", "cosmic_ray_mask.suite", packages=("torch", "astroscrappy", "scikit-image")
    ),
    Benchmark("ramps", "Ramps", "ramps.suite", ("GROUPS", "STUDIES")),
    Benchmark("images", "Images", "images.suite", ("GROUPS", "STUDIES"), ("torch", "scikit-image")),
    Benchmark("batches", "Batches", "batches.suite", packages=("torch", "distributed")),
)


def measure(benchmark, folder, quick, resume=False, progress=lambda group: None):
    """Measure a benchmark, and write its file and page after every group.

    Parameters
    ----------
    benchmark : Benchmark
        What to measure.
    folder : path-like
        Where ``<name>.json`` and ``<name>.rst`` go; made if it does not exist.
    quick : bool
        Small cases, whose targets are not judged.
    resume : bool, optional
        Keep the groups that the file holds, if they were measured on this machine with these versions.
    progress : callable, optional
        Called with each group before it is measured or passed over.

    Returns
    -------
    list of jwst_denoise_benchmarks.rows.Row
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path, here = folder / f"{benchmark.name}.json", machine.describe(benchmark.packages)
    content = {"machine": here, "command": _command(benchmark, quick), "groups": {}}
    if resume:
        content["groups"] = _kept(path, content)
    for group in benchmark.groups:
        progress(group)
        if group.name not in content["groups"]:
            content["groups"][group.name] = [asdict(row) for row in group.rows(quick)]
            rows.write(path, content)
            pages.write(folder / f"{benchmark.name}.rst", benchmark.title, content)
    return [rows.Row(**row) for some in content["groups"].values() for row in some]


def _command(benchmark, quick):
    return f"jwst-denoise benchmark all --only {benchmark.name}{' --quick' * quick}"


def _kept(path, content):
    """Groups of an earlier run of the same command on the same machine."""
    if not path.exists():
        return {}
    earlier = json.loads(path.read_text(encoding="utf-8"))
    same = all(_timeless(earlier.get(key)) == _timeless(content[key]) for key in ("machine", "command"))
    return earlier["groups"] if same else {}


def _timeless(value):
    return {k: v for k, v in value.items() if k != "load"} if isinstance(value, dict) else value
