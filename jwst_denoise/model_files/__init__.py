"""Model files: trained networks with what there is to know about them.

A model file is an ASDF file with the architecture, the weights, the domain of validity, the provenance, the scores and
the card of a model, under a schema. Nothing in it is code and nothing is unpickled.
"""

from jwst_denoise.model_files.card import render
from jwst_denoise.model_files.catalog import path_of, shipped
from jwst_denoise.model_files.domain import Domain
from jwst_denoise.model_files.info import ModelInfo
from jwst_denoise.model_files.loading import load, read_info, verify
from jwst_denoise.model_files.model import Model
from jwst_denoise.model_files.saving import pack, save

__all__ = [
    "Domain",
    "Model",
    "ModelInfo",
    "load",
    "pack",
    "path_of",
    "read_info",
    "render",
    "save",
    "shipped",
    "verify",
]
