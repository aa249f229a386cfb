"""Read patterns: frames averaged into a group and dropped between groups."""

from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["PATTERNS", "ReadPattern", "poisson_fraction", "read_pattern"]


@dataclass(frozen=True)
class ReadPattern:
    """A read pattern.

    Parameters
    ----------
    name : str
        Keyword READPATT.
    nframes : int
        Frames averaged into a group, a keyword of the same name.
    groupgap : int
        Frames dropped between groups, keyword GROUPGAP.
    instrument : str
        Instrument that offers it.
    """

    name: str
    nframes: int = 1
    groupgap: int = 0
    instrument: str = ""

    def __post_init__(self):
        """Check the numbers of frames."""
        if self.nframes < 1 or self.groupgap < 0:
            raise ValueError(f"{self.name}: nframes={self.nframes} and groupgap={self.groupgap} make no group")

    @property
    def frames_per_group(self):
        """Frames from the start of one group to the start of the next."""
        return self.nframes + self.groupgap

    @property
    def irs2(self):
        """Whether reference pixels are interleaved (IRS²)."""
        return "IRS2" in self.name


_TABLE = {
    "NIRCAM": {
        "RAPID": (1, 0), "BRIGHT1": (1, 1), "BRIGHT2": (2, 0), "SHALLOW2": (2, 3), "SHALLOW4": (4, 1),
        "MEDIUM2": (2, 8), "MEDIUM8": (8, 2), "DEEP2": (2, 18), "DEEP8": (8, 12),
    },
    "NIRSPEC": {
        "NRS": (4, 0), "NRSRAPID": (1, 0), "NRSRAPIDD1": (1, 1), "NRSRAPIDD2": (1, 2), "NRSRAPIDD6": (1, 6),
        "NRSIRS2": (5, 0), "NRSIRS2RAPID": (1, 0),
    },
    "NIRISS": {"NIS": (4, 0), "NISRAPID": (1, 0)},
    "FGS": {"FGS": (4, 0), "FGSRAPID": (1, 0), "FGS8370": (8, 2), "FGS840": (8, 0), "FGS60": (1, 0)},
    "ECHELLE": {"UTR": (1, 0)},
}  # fmt: skip

#: READPATT -> pattern, for every near-infrared instrument (JDox: detector readout patterns).
PATTERNS = MappingProxyType(
    {
        name: ReadPattern(name, nframes, groupgap, instrument)
        for instrument, patterns in _TABLE.items()
        for name, (nframes, groupgap) in patterns.items()
    }
)


def read_pattern(name):
    """Read pattern by its name.

    Raises
    ------
    ValueError
        If no pattern has this name.

    Examples
    --------
    >>> read_pattern("DEEP8").frames_per_group
    20
    """
    if isinstance(name, ReadPattern):
        return name
    try:
        return PATTERNS[str(name).upper()]
    except KeyError:
        raise ValueError(f"no read pattern {name!r}; known: {', '.join(PATTERNS)}") from None


def poisson_fraction(nframes=1, groupgap=0):
    """Ratio of the Poisson variance of a difference of averaged groups to its mean.

    Photons that arrive between averaged frames enter the difference with a weight below 1. The ratio is
    Σ w² / Σ w over the nframes + groupgap frames of a difference and those that it shares with its neighbors.

    Parameters
    ----------
    nframes, groupgap : int, optional
        Frames averaged into a group, and frames dropped between groups.

    Returns
    -------
    float

    Examples
    --------
    >>> poisson_fraction()
    1.0
    """
    n = nframes
    return (groupgap + 1 + (n - 1) * (2 * n - 1) / (3 * n)) / (n + groupgap)
