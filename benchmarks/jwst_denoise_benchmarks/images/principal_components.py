"""Principal components along the third axis of a cube: the classical way to take noise out of it."""

import numpy as np

__all__ = ["reconstruct"]

ENOUGH = 2  # usable pixels, without which there are no components


def reconstruct(cube, components=None, noise=None):
    """Cube of its strongest principal components.

    Every pixel's profile along the first axis is the mean profile and a sum of a few components.

    Parameters
    ----------
    cube : ndarray
        (n, ny, nx): planes of one scene, such as wavelengths or integrations, with noise of the same width in all;
        NaN where there is no datum.
    components : int, optional
        How many to keep. By default those whose variance no white noise has: above σ² (1 + √(n / pixels))²
        (Marchenko & Pastur 1967).
    noise : float, optional
        σ, in the units of the cube; by default from the median of the variances of all components.

    Returns
    -------
    ndarray
        (n, ny, nx) float32; pixels with a missing datum are left as they are.

    Raises
    ------
    ValueError
        If the cube does not have three axes or the number of components is not possible.

    References
    ----------
    Martínez González et al. 2008, A&A 486, 637; as a peer in Díaz Baso et al. 2019, A&A 629, A99, section 1.

    Examples
    --------
    >>> import numpy as np
    >>> from jwst_denoise_benchmarks.images.principal_components import reconstruct
    >>> rng = np.random.default_rng(1)
    >>> truth = np.sin(np.arange(20.0))[:, None, None] * rng.normal(size=(1, 32, 32))
    >>> result = reconstruct(truth + 0.1 * rng.normal(size=truth.shape))
    >>> round(float((result - truth).std()), 2)
    0.03
    """
    cube = np.asarray(cube, dtype=np.float32)
    if cube.ndim != 3:
        raise ValueError(f"a cube (n, ny, nx) is needed, not an array of shape {cube.shape}")
    if components is not None and not 0 <= components <= len(cube):
        raise ValueError(f"components={components} must be from 0 to the number of planes, {len(cube)}")
    known = np.isfinite(cube).all(axis=0)
    if known.sum() < ENOUGH:
        return cube.copy()
    profiles = cube[:, known]
    mean = profiles.mean(axis=1, keepdims=True)
    variance, vectors = np.linalg.eigh(np.cov(profiles))
    number = _significant(variance, known.sum(), noise) if components is None else components
    basis = vectors[:, len(vectors) - number :]
    result = cube.copy()
    result[:, known] = mean + basis @ (basis.T @ (profiles - mean))
    return result


def _significant(variance, pixels, noise):
    """Number of components above what white noise gives."""
    sigma2 = np.median(variance) if noise is None else noise**2
    return int(np.sum(variance > sigma2 * (1 + np.sqrt(len(variance) / pixels)) ** 2))
