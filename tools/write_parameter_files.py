"""Write the shipped ASDF parameter files from the tables below: ``python tools/write_parameter_files.py``."""

import io
import re
from pathlib import Path

import asdf

FILES = Path(__file__).parents[1] / "jwst_denoise" / "parameters" / "files"

NSCLEAN = "jwst_denoise.NSCleanStep"
NSCLEAN_SETTINGS = {"nsclean": {"method": "gp"}}
COSMIC_RAYS = "jwst_denoise.CosmicRayMaskStep"
COSMIC_RAY_SETTINGS = {"cosmic_ray_mask": {"model": "auto"}}
RAMPS = "jwst_denoise.RampDenoiseStep"
RAMP_SETTINGS = {"ramp_denoise": {"model": "auto"}}
IMAGES = "jwst_denoise.ImageDenoiseStep"
IMAGE_SETTINGS = {"image_denoise": {"model": "auto"}}
COMMENT = """\
# Any parameter of the hooked step may be set here; the same section inside an entry of steps holds for that hook alone.
"""

DENOISE1 = ("jwst_denoise", "DenoiseDetector1Pipeline")
DETECTOR1 = ("jwst.pipeline.calwebb_detector1", "Detector1Pipeline")
GUIDER = ("jwst.pipeline.calwebb_guider", "GuiderPipeline")
IMAGE2 = ("jwst.pipeline.calwebb_image2", "Image2Pipeline")
IMAGE3 = ("jwst.pipeline.calwebb_image3", "Image3Pipeline")
SPEC2 = ("jwst.pipeline.calwebb_spec2", "Spec2Pipeline")

JUMP = ("jump", "jwst.jump.jump_step.JumpStep")
RAMP_FIT = ("ramp_fit", "jwst.ramp_fitting.ramp_fit_step.RampFitStep")
ASSIGN_WCS = ("assign_wcs", "jwst.assign_wcs.assign_wcs_step.AssignWcsStep")
CLEAN_FLICKER = ("clean_flicker_noise", "jwst.clean_flicker_noise.clean_flicker_noise_step.CleanFlickerNoiseStep")
FLAT_FIELD = ("flat_field", "jwst.flatfield.flat_field_step.FlatFieldStep")
PHOTOM = ("photom", "jwst.photom.photom_step.PhotomStep")
RESAMPLE = ("resample", "jwst.resample.resample_step.ResampleStep")
GUIDER_CDS = ("guider_cds", "jwst.guider_cds.guider_cds_step.GuiderCdsStep")

#: Instrument -> mode in the name of a file -> exposure types of the file.
MODES = {
    "NIRCAM": {
        "imaging": ["NRC_IMAGE", "NRC_CORON", "NRC_FOCUS", "NRC_TACONFIRM", "NRC_TACQ", "NRC_TSIMAGE", "NRC_WFSC"],
        "grism": ["NRC_GRISM", "NRC_WFSS", "NRC_TSGRISM"],
    },
    "NIRISS": {
        "imaging": ["NIS_IMAGE", "NIS_AMI", "NIS_FOCUS", "NIS_TACQ", "NIS_TACONFIRM"],
        "grism": ["NIS_WFSS", "NIS_SOSS"],
    },
    "NIRSPEC": {
        "imaging": [
            *("NRS_IMAGE", "NRS_CONFIRM", "NRS_FOCUS", "NRS_MIMF", "NRS_MSATA", "NRS_TACONFIRM", "NRS_TACQ"),
            *("NRS_TASLIT", "NRS_VERIFY", "NRS_WATA"),
        ],
        "ifu": ["NRS_IFU"],
        "mos": ["NRS_MSASPEC"],
        "fs": ["NRS_FIXEDSLIT"],
        "bots": ["NRS_BRIGHTOBJ"],
    },
    "FGS": {
        "imaging": ["FGS_IMAGE", "FGS_FOCUS"],
        "guiding": ["FGS_ACQ1", "FGS_ACQ2", "FGS_FINEGUIDE", "FGS_ID-IMAGE", "FGS_ID-STACK", "FGS_TRACK"],
    },
}

#: In images and slitless spectra the smooth background is sky, so it is kept; masks extend further around sources
#: than around traces, between which background pixels are rare.
SKY = {"background": "keep", "mask_dilation": 4}
#: Pixels between NIRSpec's slits, shutters and slices see no sky: a smooth signal there comes from the detector.
DARK = {"background": "remove", "mask_science_regions": True, "skip": False}
SPECTRAL = ("ifu", "mos", "fs", "bots")
#: NIRSpec's images are not combined; in NIRISS mosaics the quality check of image_denoise rejects the result.
WITHOUT_MOSAICS = ("NIRSPEC", "NIRISS")

QA = {"save_mask": True, "save_qa": True}
SLITS = {"mask_science_regions": True, **QA}
DENOISED = {"product": "rate", "save_noise": True, "save_qa": True}
SKIPPED = {"skip": True}
#: Recipe of one observing mode -> exposure types, parameters of nsclean and of ramp_denoise.
RECIPES = {
    "nircam_imaging": (MODES["NIRCAM"]["imaging"], {"mask_dilation": 8, **QA}, SKIPPED),
    "nircam_time_series": (["NRC_TSIMAGE", "NRC_TSGRISM"], {"background": "keep", **QA}, SKIPPED),
    "niriss_imaging": (MODES["NIRISS"]["imaging"], {"mask_dilation": 8, **QA}, SKIPPED),
    "niriss_soss": (["NIS_SOSS"], {"background": "keep", "mask_dilation": 2, **QA}, SKIPPED),
    "nirspec_bots": (MODES["NIRSPEC"]["bots"], SLITS, SKIPPED),
    "nirspec_fs": (MODES["NIRSPEC"]["fs"], SLITS, DENOISED),
    "nirspec_ifu": (MODES["NIRSPEC"]["ifu"], SLITS, DENOISED),
    "nirspec_mos": (MODES["NIRSPEC"]["mos"], SLITS, DENOISED),
}


def main():
    """Write every file."""
    for instrument, modes in MODES.items():
        for mode, exp_types in modes.items():
            write_step_file(instrument, mode, exp_types)
        write_detector1_files(instrument)
        write_cosmic_ray_files(instrument)
        write_ramp_files(instrument)
        write_image_files(instrument)
    write_stage_2_files()
    write_recipes()
    write_pipeline_file("fgs_guider_nsclean", GUIDER, "FGS", MODES["FGS"]["guiding"], [hook(GUIDER_CDS, "post")])


def write_step_file(instrument, mode, exp_types):
    """Write the defaults of nsclean in one mode."""
    tree = {
        "class": NSCLEAN,
        "name": "nsclean",
        "parameters": DARK if mode in SPECTRAL else SKY,
        "meta": metadata(NSCLEAN, instrument, exp_types),
    }
    write(f"nsclean_{instrument.lower()}_{mode}", tree)


def write_detector1_files(instrument):
    """Write the two hooks of nsclean in calwebb_detector1: after jump for groups, or after ramp_fit for rates.

    After the groups are cleaned, the errors of ramp_fit, which follow from the read noise reference, are scaled to the
    scatter.
    """
    exp_types = all_but_guiding(instrument)
    prefix = f"{instrument.lower()}_detector1_nsclean"
    off = skipped(CLEAN_FLICKER)
    errors = {**hook(RAMP_FIT, "post"), "jwst_denoise": {"nsclean": {"errors_only": True}}}
    write_pipeline_file(f"{prefix}_groups", DETECTOR1, instrument, exp_types, [hook(JUMP, "post"), off, errors])
    write_pipeline_file(f"{prefix}_rates", DETECTOR1, instrument, exp_types, [off, hook(RAMP_FIT, "post")])


def all_but_guiding(instrument):
    """Return the exposure types of an instrument that calwebb_detector1 processes."""
    return [name for mode, names in MODES[instrument].items() if mode != "guiding" for name in names]


def write_cosmic_ray_files(instrument):
    """Write the hooks of cosmic_ray_mask: ramps after the jump step, rates, and stage 2.

    The hook in calwebb_image2 is after flat_field, when the image is still whole. The hook in calwebb_spec2 is after
    clean_flicker_noise, before spectra are cut out; that step runs on the science exposure even if it is skipped.
    """
    prefix, settings = instrument.lower(), {"hooked": COSMIC_RAY_SETTINGS}
    after = {name: hook(step, "post", COSMIC_RAYS) for name, step in (("ramps", JUMP), ("rates", RAMP_FIT))}
    for name, entry in after.items():
        path = f"{prefix}_detector1_cosmic_ray_mask_{name}"
        write_pipeline_file(path, DETECTOR1, instrument, all_but_guiding(instrument), [entry], **settings)
    steps = [hook(FLAT_FIELD, "post", COSMIC_RAYS)]
    write_pipeline_file(
        f"{prefix}_image2_cosmic_ray_mask", IMAGE2, instrument, MODES[instrument]["imaging"], steps, **settings
    )
    spectra = [name for mode in ("grism", *SPECTRAL) for name in MODES[instrument].get(mode, [])]
    steps = [hook(CLEAN_FLICKER, "post", COSMIC_RAYS)]
    if spectra:
        write_pipeline_file(f"{prefix}_spec2_cosmic_ray_mask", SPEC2, instrument, spectra, steps, **settings)


def write_ramp_files(instrument):
    """Write the hooks of ramp_denoise in calwebb_detector1, before and after ramp_fit, and calwebb_denoise1."""
    prefix, exp_types, off = instrument.lower(), all_but_guiding(instrument), skipped(CLEAN_FLICKER)
    for name, when in (("groups", "pre"), ("rates", "post")):
        path, steps = f"{prefix}_detector1_ramp_denoise_{name}", [off, hook(RAMP_FIT, when, RAMPS)]
        write_pipeline_file(path, DETECTOR1, instrument, exp_types, steps, hooked=RAMP_SETTINGS)
    settings = {"skip": False, "model": "auto"}, {"method": "gp"}, {"skip": False, "model": "auto", "product": "rate"}
    write_denoise1_file(f"{prefix}_denoise1", instrument, exp_types, *settings)


def write_denoise1_file(name, instrument, exp_types, cosmic_ray_mask, nsclean, ramp_denoise):
    """Write a file of calwebb_denoise1 from the parameters of its three steps."""
    steps = [
        sub_step(COSMIC_RAYS, "cosmic_ray_mask", cosmic_ray_mask),
        skipped(CLEAN_FLICKER),
        sub_step(NSCLEAN, "nsclean", nsclean),
        sub_step(RAMPS, "ramp_denoise", ramp_denoise),
    ]
    write_pipeline_file(name, DENOISE1, instrument, exp_types, steps, hooked=None)


def write_recipes():
    """Write the recipe of every observing mode: calwebb_denoise1 with the mask and the pictures saved."""
    for name, (exp_types, nsclean, ramp_denoise) in RECIPES.items():
        instrument = name.partition("_")[0].upper()
        write_denoise1_file(name, instrument, exp_types, {"save_qa": True}, {"skip": False, **nsclean}, ramp_denoise)


def write_image_files(instrument):
    """Write the hooks of image_denoise for images: rates, calibrated images, and mosaics.

    Use one of them: an image that was denoised in one stage is skipped in the next.
    """
    prefix, exp_types = instrument.lower(), MODES[instrument]["imaging"]
    for name, pipeline, step in (
        ("detector1_image_denoise", DETECTOR1, RAMP_FIT),
        ("image2_image_denoise", IMAGE2, PHOTOM),
        ("image3_image_denoise", IMAGE3, RESAMPLE),
    ):
        if pipeline is IMAGE3 and instrument in WITHOUT_MOSAICS:
            continue
        steps = [hook(step, "post", IMAGES)]
        write_pipeline_file(f"{prefix}_{name}", pipeline, instrument, exp_types, steps, hooked=IMAGE_SETTINGS)


def write_stage_2_files():
    """Write the stage-2 files of nsclean.

    In calwebb_spec2 the mask needs the WCS, so the hook replaces clean_flicker_noise, which runs on science exposures
    only. calwebb_image2 has no such step.
    """
    imaging = {"nircam": MODES["NIRCAM"]["imaging"], "niriss": MODES["NIRISS"]["imaging"]}
    spectra = {
        "nircam": MODES["NIRCAM"]["grism"],
        "niriss": MODES["NIRISS"]["grism"],
        "nirspec": [name for mode in SPECTRAL for name in MODES["NIRSPEC"][mode]],
    }
    for instrument, exp_types in imaging.items():
        steps = [hook(ASSIGN_WCS, "pre")]
        write_pipeline_file(f"{instrument}_image2_nsclean", IMAGE2, instrument.upper(), exp_types, steps)
    for instrument, exp_types in spectra.items():
        steps = [hook(CLEAN_FLICKER, "pre", skip=True)]
        write_pipeline_file(f"{instrument}_spec2_nsclean", SPEC2, instrument.upper(), exp_types, steps)


def write_pipeline_file(name, pipeline, instrument, exp_types, steps, hooked=NSCLEAN_SETTINGS):
    """Write the parameter file of a pipeline with a hooked step, and a section with the parameters of that step."""
    module, cls = pipeline
    tree = {
        "class": f"{module}.{cls}",
        "name": cls,
        "parameters": {},
        "steps": steps,
        "meta": metadata(cls, instrument, exp_types),
    }
    write(name, tree | ({"jwst_denoise": hooked} if hooked else {}))


def hook(step, when, hooked=NSCLEAN, **parameters):
    """Return the entry of ``steps`` that hooks a step before or after a step of the pipeline."""
    name, cls = step
    return {"class": cls, "name": name, "parameters": {f"{when}_hooks": [hooked], **parameters}}


def sub_step(cls, name, parameters):
    """Return the entry of ``steps`` for a step of calwebb_denoise1."""
    return {"class": cls, "name": name, "parameters": parameters}


def skipped(step):
    """Return the entry of ``steps`` that skips a step."""
    name, cls = step
    return {"class": cls, "name": name, "parameters": {"skip": True}}


def metadata(cls, instrument, exp_types):
    """Return the metadata that CRDS needs, and the exposures to which the file applies."""
    return {
        "author": "jwst_denoise",
        "date": "2026-01-01T00:00:00",
        "description": f"Parameters of {cls} for {instrument}",
        "instrument": {"name": instrument},
        "origin": "jwst_denoise",
        "pedigree": "GROUND",
        "reftype": f"pars-{cls.rpartition('.')[2].lower()}",
        "telescope": "JWST",
        "useafter": "1900-01-01T00:00:00",
        "selector": {"instrument": instrument, "exp_type": exp_types},
    }


def write(name, tree):
    """Write one ASDF file, without software versions, about which older readers would warn."""
    buffer = io.BytesIO()
    with asdf.AsdfFile(tree) as content:
        content.write_to(buffer)
    text = re.sub(r"^asdf_library:.*?(?=^class:)", "", buffer.getvalue().decode(), flags=re.DOTALL | re.MULTILINE)
    (FILES / f"{name}.asdf").write_text(text.replace("jwst_denoise:\n", COMMENT + "jwst_denoise:\n", 1))


if __name__ == "__main__":
    main()
