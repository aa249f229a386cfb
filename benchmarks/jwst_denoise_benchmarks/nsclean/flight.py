"""Flight exposures: JWST's guider, cross-validated, and reads of HST's WFC3/IR, which have no stripes."""

import numpy as np

from jwst_denoise.demo.flight import cross_validate
from jwst_denoise.masks import imaging_mask
from jwst_denoise.nsclean import fit_noise
from jwst_denoise.readout import Readout
from jwst_denoise.statistics import robust_sigma
from jwst_denoise_benchmarks.core.inputs import MissingInput, data_file
from jwst_denoise_benchmarks.core.rows import Row, skipped

__all__ = ["guider", "guider_row", "wfc3", "wfc3_row"]

WFC3 = "iccz11q4q_ima.fits"
BORDER = 5  # reference pixels
CHANGE = "Largest change of the noise by gp, differences of successive reads"


def guider(quick):
    """Rows: half of a guider exposure cleans the other half."""
    for pair, run in cross_validate().items():
        yield guider_row({"pair": pair, **run})


def guider_row(run):
    """Row of a pair of integrations; see `jwst_denoise.demo.flight.cross_validate`."""
    first, second = run["pair"]
    return Row(
        "Standard deviation of the half of an FGS exposure that was not fitted", f"integrations {first} − {second}",
        {"gp": run["gp"]}, {"column medians": run["median"], "input": run["raw"]}, "DN", form=".2f",
        target="< reference", passed=run["gp"] < run["median"], metrics=run,
    )  # fmt: skip


def wfc3(quick):
    """Row: noise of correlated double samples of WFC3/IR before and after ``gp``."""
    try:
        reads, good = _read(data_file(WFC3))
    except MissingInput as error:
        yield skipped(CHANGE, "HST WFC3/IR", error)
        return
    readout = Readout(good.shape, fastaxis=1, slowaxis=2)
    runs = []
    for first, second in zip(reads[1:], reads[:-1], strict=True):
        image = first - second
        mask = imaging_mask(image, dq=np.where(good, 0, 1).astype(np.uint32), readout=readout)
        cleaned = image - fit_noise(image, mask, readout, background="keep")[0]
        before, after = (robust_sigma(i[mask]) for i in (image, cleaned))
        runs.append({"before": before, "after": after, "ratio": after / before, "dark": float(mask.mean())})
    yield wfc3_row(runs)


def wfc3_row(runs):
    """Row of the pairs of reads."""
    worst = 100 * max(abs(run["ratio"] - 1) for run in runs)
    return Row(
        CHANGE, f"HST WFC3/IR, {len(runs)} pairs, noise {runs[0]['before']:.1f} e-", {"nsclean": worst}, {}, "%",
        form=".2f", target="< 1", passed=worst < 1, metrics={"pairs": runs},
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
