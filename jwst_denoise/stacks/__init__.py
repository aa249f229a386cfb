"""Several images of one scene on the same pixels."""

from jwst_denoise.ramps.coadd import Coadd, coadd

__all__ = ["Coadd", "coadd"]
