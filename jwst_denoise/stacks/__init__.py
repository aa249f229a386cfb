"""Several images of one scene on the same pixels."""

from jwst_denoise.stacks.coadd import Coadd, coadd

__all__ = ["Coadd", "coadd"]
