"""Real exposures: JWST's guider, cross-validated, and reads of HST's WFC3/IR, which hold no stripes."""

import numpy as np

from jwst_denoise.demo.flight import cross_validate
from jwst_denoise.masks import imaging_mask
from jwst_denoise.nsclean import fit_noise
from jwst_denoise.readout import Readout
from jwst_denoise.statistics import robust_sigma
from jwst_denoise_benchmarks.nsclean import scenes
from jwst_denoise_benchmarks.rows import MissingData, Row, skipped

__all__ = ["guider", "wfc3"]

WFC3 = "iccz11q4q_ima.fits"
BORDER = 5  # reference pixels


def guider(quick):
    """Rows: half of a guider exposure cleans the other half."""
    for (first, second), run in cross_validate().items():
        yield Row(
            f"FGS flight exposure, integrations {first} − {second}: std of the half that the fit has not seen, DN",
            f"gp {run['gp']:.2f}", f"column medians {run['median']:.2f}; uncleaned {run['raw']:.2f}",
            "below the column medians", run["gp"] < run["median"], {"pair": (first, second), **run},
        )  # fmt: skip


def wfc3(quick):
    """Row: noise of correlated double samples of WFC3/IR before and after ``gp``."""
    try:
        reads, good = _read(scenes.data_file(WFC3))
    except MissingData as error:
        yield skipped("WFC3/IR reads", error)
        return
    readout = Readout(good.shape, fastaxis=1, slowaxis=2)
    runs = []
    for first, second in zip(reads[1:], reads[:-1], strict=True):
        image = first - second
        mask = imaging_mask(image, dq=np.where(good, 0, 1).astype(np.uint32), readout=readout)
        cleaned = image - fit_noise(image, mask, readout, background="keep")[0]
        before, after = (robust_sigma(i[mask]) for i in (image, cleaned))
        runs.append({"before": before, "after": after, "ratio": after / before, "dark": float(mask.mean())})
    worst = max(abs(run["ratio"] - 1) for run in runs)
    yield Row(
        "HST WFC3/IR, differences of successive reads: change of the noise by gp",
        f"at most {100 * worst:.2f} %", f"uncleaned {runs[0]['before']:.2f} e-", "< 1 %", worst < 0.01, {"pairs": runs},
    )  # fmt: skip


def _read(path):
    """Reads (n, ny, nx) in e-, in the order of time, and the pixels without a flag."""
    from astropy.io import fits

    with fits.open(path) as hdus:
        count = sum(hdu.name == "SCI" for hdu in hdus)
        science = [hdus["SCI", number] for number in range(count, 0, -1)]
        reads = np.array([hdu.data * hdu.header["SAMPTIME"] for hdu in science], dtype=np.float32)
        good = np.all([hdus["DQ", number].data == 0 for number in range(1, count + 1)], axis=0)
    inside = np.zeros_like(good)
    inside[BORDER:-BORDER, BORDER:-BORDER] = True
    return reads, good & inside
