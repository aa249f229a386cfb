"""Pictures of the benchmark of ramps, each beside the rows that it belongs to."""

from pathlib import Path

from jwst_denoise.benchmarks.ramps import jwst_pictures, nirps_pictures

__all__ = ["PICTURES", "draw"]

#: Group -> file -> function that draws it, called with the path and ``quick``.
PICTURES = {
    "noise": {"nirps_noise.png": nirps_pictures.noise},
    "images": {
        "nirps_images.png": nirps_pictures.images,
        "nirps_errors.png": nirps_pictures.histograms,
        "nirps_spectra.png": nirps_pictures.spectra,
    },
    "reads": {"nirps_reads.png": nirps_pictures.reads},
    "fabry-perot": {"nirps_fabry_perot.png": nirps_pictures.fabry_perot},
    "faint": {"jwst_images.png": jwst_pictures.images, "jwst_errors.png": jwst_pictures.errors},
    "sources": {"jwst_sources.png": jwst_pictures.sources},
    "traces": {"jwst_traces.png": jwst_pictures.traces_of_bins},
}
#: Groups whose pictures show nothing without a model.
NEED = {"images", "reads", "fabry-perot"}


def draw(directory, names, quick):
    """Draw the pictures of groups; those that need a model that is not there are left out.

    Parameters
    ----------
    directory : path-like
        Where the PNG files go; made if it is not there.
    names : iterable of str
        Groups.
    quick : bool
        Small cases.
    """
    from jwst_denoise.benchmarks.cosmic_rays import models
    from jwst_denoise.benchmarks.ramps import nirps

    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    without = set() if models.available((nirps.MODEL,)) else NEED
    for name in names:
        for file, function in PICTURES.get(name, {}).items() if name not in without else ():
            function(folder / file, quick)
