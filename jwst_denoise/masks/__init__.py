"""
Background masks: which pixels of an exposure are dark and may be used to fit correlated noise.

Every function takes arrays and gives a boolean array in which `True` marks dark background, the
convention of the NSClean masks (Rauscher 2023, section 3.4; non-zero = background).
"""

from jwst_denoise.dq import NOT_BACKGROUND, usable
from jwst_denoise.masks.clip import clip
from jwst_denoise.masks.dilate import dilate_science
from jwst_denoise.masks.imaging import imaging_mask
from jwst_denoise.masks.png import from_png, write_overlay
from jwst_denoise.masks.regions import region_mask
from jwst_denoise.masks.slits import fixed_slit_region, paste_finite
from jwst_denoise.masks.traces import find_traces, trace_mask
from jwst_denoise.masks.user import cut_out, first_image, read_user_mask, write_mask

__all__ = [
    "NOT_BACKGROUND",
    "clip",
    "cut_out",
    "dilate_science",
    "find_traces",
    "first_image",
    "fixed_slit_region",
    "from_png",
    "imaging_mask",
    "paste_finite",
    "read_user_mask",
    "region_mask",
    "trace_mask",
    "usable",
    "write_mask",
    "write_overlay",
]
