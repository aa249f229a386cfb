"""Flux kept of faint stars and errors of sums: known answers."""

import numpy as np
import pytest

from jwst_denoise_benchmarks.images.faint_flux import _draw_groups, faint_flux, flux_rows


@pytest.mark.parametrize(("kept", "error"), [(1.0, 1.0), (0.8, 0.5)])
def test_known_response_and_errors(kept, error):
    draws = (np.random.default_rng(k).normal(0, 1, (256, 256)) for k in range(2))

    def run(noise, flux):
        return noise + kept * flux, np.full(noise.shape, error)

    fluxes, ratios = faint_flux(run, draws, lambda noise: noise)
    for mean, uncertainty in fluxes.values():
        assert mean == pytest.approx(kept, abs=1e-9)
        assert uncertainty < 1e-9
    assert ratios[2.5] == pytest.approx(
        np.sqrt(1 + 21 / 200) / error, rel=0.06
    )  # the ring of 200 pixels adds its noise
    assert [row.passed for row in flux_rows("model", fluxes, ratios)] == [kept == 1, error == 1]


def test_outputs_share_noise():
    groups = _draw_groups(np.random.default_rng(0))
    assert not np.array_equal(groups[0], groups[1])
    mean = groups.mean(axis=(0, 1))
    first, second, third = (
        groups[..., part] - mean[part] for part in (slice(0, 128), slice(128, 256), slice(256, 384))
    )
    same, mirrored = (np.corrcoef(first.ravel(), other.ravel())[0, 1] for other in (third, second[..., ::-1]))
    assert same == pytest.approx(9 / (9 + 1 + 25), abs=0.06)
    assert mirrored == pytest.approx(same, abs=0.03)
