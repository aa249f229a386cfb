"""What a step did to a product, as one page that needs nothing beside it: pictures, graphs, metrics, provenance."""

from jwst_denoise.report.exposure import Exposure, planes_of, take
from jwst_denoise.report.page import render, write
from jwst_denoise.report.products import compare_files

__all__ = ["Exposure", "compare_files", "planes_of", "render", "take", "write"]
