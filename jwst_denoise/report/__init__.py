"""Reports on a processing step: numbers, pictures and one self-contained HTML page from a product before and after."""

from jwst_denoise.report.comparison import Comparison, compare_images
from jwst_denoise.report.exposure import Exposure, count_planes, read_images
from jwst_denoise.report.files import compare_files
from jwst_denoise.report.page import render_page, write_page

__all__ = [
    "Comparison", "Exposure", "compare_files", "compare_images", "count_planes", "read_images", "render_page",
    "write_page",
]  # fmt: skip
