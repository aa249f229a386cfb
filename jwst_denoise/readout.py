"""Read-out geometry of the JWST near-infrared detectors: image order and time order.

An H2RG is read line by line along its fast axis, by one output or by four at once; every second output is read
backward. Correlated read noise is simple in the order of reading and complicated in the image, so the algorithms work
on *streams*: one time series for each output.
"""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

__all__ = ["DETECTORS", "Readout", "copy_tiled"]

FULL_FRAME = 2048
REFERENCE_BORDER = 4
IRS2_INTERLEAVE = (16, 4)

#: Detector name -> (instrument, FASTAXIS, SLOWAXIS) of the data in DMS orientation
#: (JWST keyword dictionary; stcal and jwst reference-pixel corrections use the same signs).
DETECTORS = MappingProxyType(
    {
        **{name: ("NIRSPEC", *axes) for name, axes in {"NRS1": (2, 1), "NRS2": (-2, -1)}.items()},
        **dict.fromkeys(("NRCA1", "NRCA3", "NRCALONG", "NRCB2", "NRCB4"), ("NIRCAM", -1, 2)),
        **dict.fromkeys(("NRCA2", "NRCA4", "NRCB1", "NRCB3", "NRCBLONG"), ("NIRCAM", 1, -2)),
        "NIS": ("NIRISS", -2, -1),
        "GUIDER1": ("FGS", -2, -1),
        "GUIDER2": ("FGS", 2, -1),
    }
)


@dataclass(frozen=True)
class Readout:
    """Order in which the pixels of one image are read.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx) of the image in DMS orientation.
    fastaxis, slowaxis : int
        JWST keywords FASTAXIS and SLOWAXIS: ±1 along x, ±2 along y; the sign is the direction of reading.
    outputs : int, optional
        Amplifiers that read simultaneously, in stripes of equal width along the fast axis. Outputs 1, 3, … (counted
        from 0) are read backward.
    overhead : int, optional
        Pixel times between the last pixel of a line and the first of the next. 12 for JWST's H2RGs.
    pixel_time : float, optional
        Time per pixel in seconds.
    interleave : tuple of int, optional
        (normal, reference) for IRS²: after half of ``normal`` pixels, and then after every ``normal``, ``reference``
        reference pixels are read, with one pixel time to step out and one to step back
        (Rauscher et al. 2017, PASP 129, 105003).
    reference : tuple of int, optional
        Rows or columns of reference pixels at the (bottom, top, left, right) of the image.

    Examples
    --------
    >>> readout = Readout((32, 2048), fastaxis=1, slowaxis=2)
    >>> readout.line_ticks, readout.ticks
    (2060, 65920)
    """

    shape: tuple[int, int]
    fastaxis: int
    slowaxis: int
    outputs: int = 1
    overhead: int = 12
    pixel_time: float = 1e-5
    interleave: tuple[int, int] | None = None
    reference: tuple[int, int, int, int] = (0, 0, 0, 0)

    def __post_init__(self):
        """Check the geometry."""
        if {abs(self.fastaxis), abs(self.slowaxis)} != {1, 2}:
            raise ValueError(f"fastaxis={self.fastaxis} and slowaxis={self.slowaxis} must be ±1 and ±2 in some order")
        if self.outputs < 1 or self._fast_size % self.outputs:
            raise ValueError(
                f"{self._fast_size} pixels along the fast axis cannot be divided among {self.outputs} outputs"
            )
        if self.overhead < 0 or self.pixel_time <= 0:
            raise ValueError(f"overhead={self.overhead} and pixel_time={self.pixel_time} must be positive")

    @classmethod
    def for_detector(cls, name, shape=(FULL_FRAME, FULL_FRAME), outputs=None, **kwargs):
        """Geometry of a named detector, by default of its full frame.

        Parameters
        ----------
        name : str
            A key of `DETECTORS`, e.g. ``"NRS1"``.
        shape : tuple of int, optional
            (ny, nx) in DMS orientation.
        outputs : int, optional
            By default 4 for a full frame and 1 for a subarray.
        **kwargs
            Any other field of `Readout`.

        Raises
        ------
        ValueError
            If the detector is not a near-infrared detector of JWST.
        """
        _, fast, slow = _axes_of_detector(name)
        full = tuple(shape) == (FULL_FRAME, FULL_FRAME)
        kwargs.setdefault("reference", (REFERENCE_BORDER,) * 4 if full else (0, 0, 0, 0))
        return cls(tuple(shape), fast, slow, outputs or (4 if full else 1), **kwargs)

    @classmethod
    def from_model(cls, model):
        """Geometry of a JWST data model, from its shape and ``meta``.

        Parameters
        ----------
        model : JwstDataModel or any object with ``meta``
            Only ``shape`` and ``meta`` are read. A cut-out of a larger frame (a slit product) is treated as one output
            with the line time of the frame.

        Raises
        ------
        ValueError
            If the detector has no such geometry (MIRI) or the axes are unknown.
        """
        meta = model.meta
        fast, slow = _axes_of_meta(meta)
        shape = _image_shape(model)
        irs2 = "IRS2" in str(_get(meta, "exposure.readpatt")).upper()
        common = {"pixel_time": 1e-6 * float(_get(meta, "exposure.sample_time") or 10.0)}
        declared = (_get(meta, "subarray.ysize"), _get(meta, "subarray.xsize"))
        if None in declared or declared == shape:
            interleave = IRS2_INTERLEAVE if irs2 and shape == (FULL_FRAME, FULL_FRAME) else None
            outputs = _count_outputs(meta, shape, fast)
            reference = _reference_border(meta, shape)
            return cls(shape, fast, slow, outputs, reference=reference, interleave=interleave, **common)
        interleave = IRS2_INTERLEAVE if irs2 else None
        frame = cls(declared, fast, slow, _count_outputs(meta, declared, fast), interleave=interleave)
        width = shape[abs(fast) % 2]
        return cls(shape, fast, slow, overhead=max(frame.line_ticks - width, frame.overhead), **common)

    @property
    def _fast_size(self):
        return self.shape[abs(self.fastaxis) % 2]

    @property
    def lines(self):
        """Number of lines along the slow axis."""
        return self.shape[abs(self.slowaxis) % 2]

    @property
    def width(self):
        """Pixels of one line that one output reads."""
        return self._fast_size // self.outputs

    @property
    def pixel_ticks(self):
        """Pixel time, counted from the start of the line, at which each pixel of an output is read."""
        pixels = np.arange(self.width)
        if self.interleave is None:
            return pixels
        normal, reference = self.interleave
        return pixels + (pixels + normal // 2) // normal * (reference + 2)

    @property
    def line_ticks(self):
        """Pixel times from the start of one line to the start of the next."""
        if self.interleave is None:
            return self.width + self.overhead
        normal, reference = self.interleave
        return self.width // normal * (normal + reference + 2) + 8

    @property
    def ticks(self):
        """Pixel times of one frame."""
        return self.lines * self.line_ticks

    @property
    def frame_time(self):
        """Time to read one frame in seconds, without the overhead between frames."""
        return self.ticks * self.pixel_time

    @property
    def reference_pixels(self):
        """Boolean (ny, nx) image, True on reference pixels."""
        bottom, top, left, right = self.reference
        inside = np.zeros(self.shape, dtype=bool)
        inside[bottom : self.shape[0] - top, left : self.shape[1] - right] = True
        return ~inside

    def to_detector(self, image):
        """View of an image (…, ny, nx) as (…, lines, pixels), both axes in the direction of reading."""
        if image.shape[-2:] != tuple(self.shape):
            raise ValueError(f"the image has shape {image.shape[-2:]}, its read-out geometry has {self.shape}")
        if abs(self.fastaxis) == 2:
            image = np.swapaxes(image, -1, -2)
        return image[..., :: _sign(self.slowaxis), :: _sign(self.fastaxis)]

    def from_detector(self, frame):
        """View of (…, lines, pixels) as an image (…, ny, nx) in DMS orientation: inverse of `to_detector`."""
        image = frame[..., :: _sign(self.slowaxis), :: _sign(self.fastaxis)]
        return np.swapaxes(image, -1, -2) if abs(self.fastaxis) == 2 else image

    def to_streams(self, image, fill=0):
        """Copy an image into time order.

        Parameters
        ----------
        image : ndarray
            (…, ny, nx) in DMS orientation.
        fill : scalar, optional
            Value at times when no pixel of the image is read.

        Returns
        -------
        ndarray
            (…, outputs, lines, line_ticks); raveling the last two axes gives each output's time series.
        """
        frame = self.to_detector(image)
        streams = np.empty((*frame.shape[:-2], self.outputs, self.lines, self.line_ticks), dtype=frame.dtype)
        if self.interleave is None:
            streams[..., self.width :] = fill
            target = streams[..., : self.width]
        else:
            streams[...] = fill
            target = None
        for output in range(self.outputs):
            stripe = frame[..., self._stripe(output)]
            if target is not None:
                target[..., output, :, :] = stripe
            else:
                streams[..., output, :, self.pixel_ticks] = np.moveaxis(stripe, -1, 0)
        return streams

    def from_streams(self, streams):
        """Put time series (…, outputs, lines, line_ticks) back into an image (…, ny, nx); inverse of `to_streams`."""
        image = np.empty((*streams.shape[:-3], *self.shape), dtype=streams.dtype)
        frame = self.to_detector(image)
        for output in range(self.outputs):
            line = streams[..., output, :, :]
            pixels = line[..., : self.width] if self.interleave is None else line[..., self.pixel_ticks]
            frame[..., self._stripe(output)] = pixels
        return image

    def _stripe(self, output):
        """Slice of a detector-frame line that one output reads, in its order of reading."""
        start, stop = output * self.width, (output + 1) * self.width
        if output % 2 == 0:
            return slice(start, stop)
        return slice(stop - 1, start - 1 if start else None, -1)


def copy_tiled(target, source, tile=64):
    """Copy an image whose axes may be transposed, tile by tile: several times faster than row by row.

    Parameters
    ----------
    target, source : ndarray
        (…, ny, nx) arrays or views.
    tile : int, optional
        Edge of a tile, pixels.

    Returns
    -------
    ndarray
        ``target``.
    """
    rows, columns = target.shape[-2:]
    for top in range(0, rows, tile):
        for left in range(0, columns, tile):
            part = (..., slice(top, top + tile), slice(left, left + tile))
            target[part] = source[part]
    return target


def _sign(axis):
    return 1 if axis > 0 else -1


def _axes_of_detector(name):
    try:
        return DETECTORS[str(name).upper()]
    except KeyError:
        raise ValueError(f"no read-out geometry for detector {name!r}; known: {', '.join(DETECTORS)}") from None


def _get(node, path):
    """Follow a dotted path of attributes; None where it ends."""
    for name in path.split("."):
        node = getattr(node, name, None)
    return node


def _axes_of_meta(meta):
    """FASTAXIS and SLOWAXIS from the header, else from the detector's name; MIRI has neither."""
    detector = _get(meta, "instrument.detector")
    if str(_get(meta, "instrument.name")).upper() == "MIRI" or str(detector).upper().startswith("MIR"):
        raise ValueError(f"detector {detector!r} is not a near-infrared HxRG: its read-out geometry is not modeled")
    fast, slow = _get(meta, "subarray.fastaxis"), _get(meta, "subarray.slowaxis")
    if fast and slow:
        return int(fast), int(slow)
    return _axes_of_detector(detector)[1:]


def _image_shape(model):
    """(ny, nx) of the model's images, from its array or else from ``meta.subarray``."""
    shape = getattr(model, "shape", None) or ()
    if len(shape) >= 2:
        return tuple(int(n) for n in shape[-2:])
    declared = (_get(model.meta, "subarray.ysize"), _get(model.meta, "subarray.xsize"))
    if None in declared:
        raise ValueError("the shape of the image is unknown: no array, and no meta.subarray.xsize and ysize")
    return declared


def _count_outputs(meta, shape, fast):
    """Outputs of a frame: NOUTPUTS if it fits the frame's width, else 4 for a full frame and 1 for a subarray."""
    outputs = int(_get(meta, "exposure.noutputs") or (4 if tuple(shape) == (FULL_FRAME, FULL_FRAME) else 1))
    return outputs if shape[abs(fast) % 2] % outputs == 0 else 1


def _reference_border(meta, shape):
    """Reference rows and columns inside a subarray: those of the detector's 4-pixel border that it covers."""
    if tuple(shape) == (FULL_FRAME, FULL_FRAME):
        return (REFERENCE_BORDER,) * 4
    borders = []
    for start, size in ((_get(meta, "subarray.ystart"), shape[0]), (_get(meta, "subarray.xstart"), shape[1])):
        first = int(start) - 1 if start is not None and start > 0 else REFERENCE_BORDER
        low = max(0, REFERENCE_BORDER - first)
        high = max(0, first + size - (FULL_FRAME - REFERENCE_BORDER))
        borders += [min(low, size), min(high, size)]
    return tuple(borders)
