"""Simulated exposures as JWST data models and files."""

from jwst_denoise.products.files import PRODUCTS, read_truth, write_products, write_truth
from jwst_denoise.products.models import ramp_model, rate_model, rateints_model, uncal_model

__all__ = [
    "PRODUCTS", "ramp_model", "rate_model", "rateints_model", "read_truth", "uncal_model", "write_products",
    "write_truth",
]  # fmt: skip
