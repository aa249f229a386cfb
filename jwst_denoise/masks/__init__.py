"""
Background masks: the dark pixels of an exposure, to which correlated noise may be fitted.

Every function takes arrays and returns a boolean array that is `True` on dark background, the convention of the
NSClean masks (Rauscher 2023, section 3.4; non-zero = background).
"""

from jwst_denoise.dq import NOT_BACKGROUND, usable
from jwst_denoise.masks.imaging import imaging_mask
from jwst_denoise.masks.operations import clip_outliers, dilate_science
from jwst_denoise.masks.png import from_png, write_overlay
from jwst_denoise.masks.regions import fixed_slit_region, paste_finite, region_mask
from jwst_denoise.masks.traces import find_traces, trace_mask
from jwst_denoise.masks.user import cut_subarray, read_first_image, read_user_mask, write_mask

__all__ = [
    "NOT_BACKGROUND", "clip_outliers", "cut_subarray", "dilate_science", "find_traces", "read_first_image",
    "fixed_slit_region", "from_png", "imaging_mask", "paste_finite", "read_user_mask", "region_mask", "trace_mask",
    "usable", "write_mask", "write_overlay",
]  # fmt: skip
