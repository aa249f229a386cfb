"""Write the shipped ASDF parameter files from the tables below: ``python tools/write_parameter_files.py``."""

import io
import re
from pathlib import Path

import asdf

FILES = Path(__file__).parents[1] / "jwst_denoise" / "parameters" / "files"

STEP = "jwst_denoise.NSCleanStep"
OURS = {"nsclean": {"method": "gp"}}
COSMIC_RAYS = "jwst_denoise.CosmicRayMaskStep"
OUR_COSMIC_RAYS = {"cosmic_ray_mask": {"model": "auto"}}
RAMPS = "jwst_denoise.RampDenoiseStep"
OUR_RAMPS = {"ramp_denoise": {"model": "auto"}}
IMAGES = "jwst_denoise.ImageDenoiseStep"
OUR_IMAGES = {"image_denoise": {"model": "auto"}}
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

#: Exposure types that one file serves, by instrument and name of the file's mode.
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
        "class": STEP,
        "name": "nsclean",
        "parameters": DARK if mode in SPECTRAL else SKY,
        "meta": metadata(STEP, instrument, exp_types),
    }
    write(f"nsclean_{instrument.lower()}_{mode}", tree)


def write_detector1_files(instrument):
    """Write the two places of a hook in calwebb_detector1: every group, or rate and rateints.

    After cleaning the groups, the errors that ramp_fit makes of the reference read noise are fitted to the scatter.
    """
    exp_types = all_but_guiding(instrument)
    prefix = f"{instrument.lower()}_detector1_nsclean"
    off = skipped(CLEAN_FLICKER)
    errors = {**hook(RAMP_FIT, "post"), "jwst_denoise": {"nsclean": {"errors_only": True}}}
    write_pipeline_file(f"{prefix}_groups", DETECTOR1, instrument, exp_types, [hook(JUMP, "post"), off, errors])
    write_pipeline_file(f"{prefix}_rates", DETECTOR1, instrument, exp_types, [off, hook(RAMP_FIT, "post")])


def all_but_guiding(instrument):
    """Exposure types of an instrument that calwebb_detector1 processes."""
    return [name for mode, names in MODES[instrument].items() if mode != "guiding" for name in names]


def write_cosmic_ray_files(instrument):
    """Write the places of cosmic-ray masks: ramps after the jump step, rates, and stage 2.

    calwebb_image2 has flat-fielded the image then and cuts nothing out of it before it resamples; calwebb_spec2 cuts
    spectra out after clean_flicker_noise, which it runs on the whole detector, and on the science exposure even if it
    is skipped.
    """
    prefix, settings = instrument.lower(), {"ours": OUR_COSMIC_RAYS}
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
    """Write the places of ramp_denoise in calwebb_detector1, before and after ramp_fit, and calwebb_denoise1."""
    prefix, exp_types, off = instrument.lower(), all_but_guiding(instrument), skipped(CLEAN_FLICKER)
    for name, when in (("groups", "pre"), ("rates", "post")):
        path, steps = f"{prefix}_detector1_ramp_denoise_{name}", [off, hook(RAMP_FIT, when, RAMPS)]
        write_pipeline_file(path, DETECTOR1, instrument, exp_types, steps, ours=OUR_RAMPS)
    settings = {"skip": False, "model": "auto"}, {"method": "gp"}, {"skip": False, "model": "auto", "product": "rate"}
    write_denoise1_file(f"{prefix}_denoise1", instrument, exp_types, *settings)


def write_denoise1_file(name, instrument, exp_types, cosmic_ray_mask, nsclean, ramp_denoise):
    """Write a file of calwebb_denoise1 from the parameters of its three steps."""
    steps = [
        sub_step(COSMIC_RAYS, "cosmic_ray_mask", cosmic_ray_mask),
        skipped(CLEAN_FLICKER),
        sub_step(STEP, "nsclean", nsclean),
        sub_step(RAMPS, "ramp_denoise", ramp_denoise),
    ]
    write_pipeline_file(name, DENOISE1, instrument, exp_types, steps, ours=None)


def write_recipes():
    """Write the recipe of every observing mode: calwebb_denoise1 with the mask and the pictures saved."""
    for name, (exp_types, nsclean, ramp_denoise) in RECIPES.items():
        instrument = name.partition("_")[0].upper()
        write_denoise1_file(name, instrument, exp_types, {"save_qa": True}, {"skip": False, **nsclean}, ramp_denoise)


def write_image_files(instrument):
    """Write the places of image_denoise for images: rates, calibrated images, and mosaics.

    One is enough: what is denoised at one stage is passed through at the next.
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
        write_pipeline_file(f"{prefix}_{name}", pipeline, instrument, exp_types, steps, ours=OUR_IMAGES)


def write_stage_2_files():
    """Write the stage-2 files of nsclean.

    calwebb_spec2 first needs a WCS to know where the spectra are, so its hook is in the place of clean_flicker_noise,
    which runs on the science exposure alone when that step is skipped. calwebb_image2 has no such step.
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


def write_pipeline_file(name, pipeline, instrument, exp_types, steps, ours=OURS):
    """Write the parameter file of a pipeline with our step hooked in, and its parameters in a section of their own."""
    module, cls = pipeline
    tree = {
        "class": f"{module}.{cls}",
        "name": cls,
        "parameters": {},
        "steps": steps,
        "meta": metadata(cls, instrument, exp_types),
    }
    write(name, tree | ({"jwst_denoise": ours} if ours else {}))


def hook(step, when, ours=STEP, **parameters):
    """Entry of ``steps`` that hooks a step of ours before or after one of the pipeline's."""
    name, cls = step
    return {"class": cls, "name": name, "parameters": {f"{when}_hooks": [ours], **parameters}}


def sub_step(cls, name, parameters):
    """Entry of ``steps`` for a step of ours in a pipeline of ours."""
    return {"class": cls, "name": name, "parameters": parameters}


def skipped(step):
    """Entry of ``steps`` that skips a step."""
    name, cls = step
    return {"class": cls, "name": name, "parameters": {"skip": True}}


def metadata(cls, instrument, exp_types):
    """Header that CRDS wants, and the exposures that the file is for."""
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
    """Write one ASDF file, without the versions of the writing software: they would be a warning to an older reader."""
    buffer = io.BytesIO()
    with asdf.AsdfFile(tree) as content:
        content.write_to(buffer)
    text = re.sub(r"^asdf_library:.*?(?=^class:)", "", buffer.getvalue().decode(), flags=re.DOTALL | re.MULTILINE)
    (FILES / f"{name}.asdf").write_text(text.replace("jwst_denoise:\n", COMMENT + "jwst_denoise:\n", 1))


if __name__ == "__main__":
    main()
