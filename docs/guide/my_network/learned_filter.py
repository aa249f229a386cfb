"""A denoiser of 49 weights: a weighted mean of a pixel and its neighbors, learned from pairs of images."""

import numpy as np
import torch
from torch import nn

from jwst_denoise.networks.image_denoise import DenoisedImage

MAX_SIGNAL = 5.0  # standard deviations above the background; pixels with more do not change


class LearnedFilter(nn.Module):
    """A filter that is positive and adds up to 1.

    Parameters
    ----------
    size : int
        Odd edge of the filter, pixels.
    """

    uses_ratio = False  # whether it uses exposure_time_ratio
    takes_stack = False  # whether it combines several images into one
    uncertainties = ("none",)  # which errors it predicts: "aleatoric", "total"

    def __init__(self, size=7):
        super().__init__()
        self.architecture = {"family": "learned_filter", "size": size}
        self.logits = nn.Parameter(torch.zeros(size, size))

    def forward(self, images):
        """Filtered images (n, ny, nx); NaN is not used."""
        weights = torch.softmax(self.logits.flatten(), 0).reshape(1, 1, *self.logits.shape)
        good = torch.isfinite(images)
        planes = torch.stack([torch.where(good, images, 0), good.float()])[:, :, None]
        signal, coverage = (nn.functional.conv2d(plane, weights, padding="same")[:, 0] for plane in planes)
        return signal / coverage.clamp(min=1e-3)

    @torch.inference_mode()
    def denoise(self, image, *, uncertainty="none", **options):
        """Denoise an image whose noise is known; the step calls this.

        Parameters
        ----------
        image : jwst_denoise.ramps.slopes.SlopeImage
            ``rate``, ``read_noise``, both (ny, nx) in e-/s, and ``variance``.
        uncertainty : {"none"}
            One of `uncertainties`.
        **options
            ``n_samples``, ``tile`` and ``mosaic``; they have no effect here.

        Returns
        -------
        DenoisedImage
        """
        rate = np.asarray(image.rate, np.float32)
        filtered = self(torch.from_numpy(rate)[None])[0].numpy()
        background = np.abs(rate - np.nanmedian(rate)) < MAX_SIGNAL * image.read_noise
        return DenoisedImage(np.where(background, filtered, rate), None, background.astype(np.float32), image)


def train(images, steps=300, seed=0):
    """Learn the filter: one image, filtered, should match another of the same scene (Noise2Noise).

    Parameters
    ----------
    images : ndarray
        (n, ny, nx) images of one scene; NaN where the data are missing.
    steps : int
        Number of pairs.
    seed : int
        Seed of their random choice.

    Returns
    -------
    LearnedFilter
    """
    network, rng = LearnedFilter(), np.random.default_rng(seed)
    images = torch.from_numpy(np.asarray(images, np.float32))
    usable = torch.isfinite(images).all(0) & (images.mean(0) < torch.nanquantile(images, 0.99))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    for _ in range(steps):
        one, other = rng.choice(len(images), 2, replace=False)
        loss = torch.mean((network(images[[one]])[0] - images[other])[usable] ** 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()
