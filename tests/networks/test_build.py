"""Networks from descriptions: names of version 0.1, unknown families and parameters."""

import pytest

from jwst_denoise.networks import build
from jwst_denoise.networks.build import FAMILIES, RENAMED, current_architecture

IMAGE = {"units": "noise", "kernel": 3, "wide": 15, "lines": 31}
#: Descriptions as version 0.1 wrote them, and the present names.
VERSION_0_1 = {
    "astro_unet": (IMAGE, {"input_scaling": "noise", "source_box": 3, "flux_box": 15, "line_length": 31}),
    "noise2noise": (IMAGE, {"input_scaling": "noise", "source_box": 3, "flux_box": 15, "line_length": 31}),
    "ramp_denoise": (
        {"mixer": "gru", "units": 6, "kernel": [3, 7], "near": 7, "wide": 31, "spare": 5},
        {"recurrent_units": 6, "flux_box": [3, 7], "source_box": 7, "comparison_length": 31, "protection_box": 5},
    ),
    "ramp_denoise-hxrg": (
        {"outputs": 2, "reads": 5, "units": 3, "filters": 2, "masked": "neighbour"},
        {"outputs": 2, "reads": 5, "recurrent_units": 3, "filters": 2, "masked": "neighbor"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("family", VERSION_0_1)
def test_names_of_version_0_1_make_the_same_network(family):
    old, new = VERSION_0_1[family]
    network = build({"family": family} | old)
    assert new.items() <= network.architecture.items()
    assert not {"units", "kernel", "wide", "near", "spare", "mixer", "lines"} & set(network.architecture)
    assert build(network.architecture).state_dict().keys() == network.state_dict().keys()


@pytest.mark.parametrize("family", RENAMED)
def test_renamed_parameters_belong_to_the_family(family):
    assert set(RENAMED[family].values()) <= set(build({"family": family}).architecture) | {"input_scaling"}


def test_other_families_keep_their_names():
    assert current_architecture({"family": "my_filter", "kernel": 5, "mixer": "gru"}) == {
        "family": "my_filter", "kernel": 5, "mixer": "gru"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("architecture", "words"),
    [
        ({"family": "astro_unet", "kernel": 5, "source_box": 7}, "source_box is given twice"),
        ({"family": "ramp_denoise", "mixer": "attention"}, "ramp_denoise has no parameter mixer"),
        ({"family": "inpaint", "width": 3}, "inpaint has no parameter width; known: depth, hidden"),
        ({"family": "vision"}, f"no network family 'vision'; known: {', '.join(FAMILIES)}"),
    ],
)
def test_unknown_names_are_refused(architecture, words):
    with pytest.raises(ValueError, match=words):
        build(architecture)
