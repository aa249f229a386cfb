"""Pictures of the benchmark of ramps, each beside the rows that it belongs to."""

from jwst_denoise_benchmarks.ramps import jwst_pictures, nirps_pictures
from jwst_denoise_benchmarks.ramps.figures import draw_all

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
    """Draw the pictures of groups, see `draw_all`; those that show nothing without a model need it."""
    from jwst_denoise_benchmarks.cosmic_ray_mask import models
    from jwst_denoise_benchmarks.ramps import nirps

    without = set() if models.available((nirps.MODEL,)) else NEED
    return draw_all(PICTURES, directory, [name for name in names if name not in without], quick)
