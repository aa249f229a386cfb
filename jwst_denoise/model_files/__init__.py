"""Model files: trained networks with their information.

A model file is an ASDF file, under a schema, with the architecture, weights, domain of validity, provenance, scores and
card of a model. It contains no code and nothing is unpickled.
"""

from jwst_denoise.model_files.info import Domain, ModelInfo, error_ratios, render
from jwst_denoise.model_files.loading import load, path_of, read_info, shipped, verify
from jwst_denoise.model_files.model import Model
from jwst_denoise.model_files.saving import pack, save

__all__ = [
    "Domain", "Model", "ModelInfo", "error_ratios", "load", "pack", "path_of", "read_info", "render", "save", "shipped",
    "verify",
]  # fmt: skip
