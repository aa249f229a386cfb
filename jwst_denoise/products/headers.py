"""Complete JWST headers for simulated exposures."""

import numpy as np
from astropy.time import Time, TimeDelta

from jwst_denoise.products.pointing import describe_pointing

__all__ = ["describe", "group_table", "integration_times"]

START = "2024-03-01T12:00:00"
RESETS = 1


def describe(model, exposure, filename, start=START):
    """Fill the metadata that calwebb_detector1 and stage 2 read.

    Parameters
    ----------
    model : `~stdatamodels.jwst.datamodels.JwstDataModel`
        Filled in place.
    exposure : `~jwst_denoise.simulate.Exposure`
        Source of the values.
    filename : str
        Name of the product.
    start : str, optional
        UTC of the start of the exposure, ISO format.
    """
    meta = model.meta
    meta.filename, meta.telescope, meta.origin = filename, "JWST", "SIMULATED"
    _program(meta, exposure, Time(start, scale="utc"))
    _instrument(meta, exposure)
    _exposure(meta, exposure, Time(start, scale="utc"))
    _subarray(meta, exposure)
    describe_pointing(meta, exposure)


def group_table(exposure, start=START):
    """Return the rows of the GROUP table: the end of every group."""
    nints, ngroups, ny, nx = exposure.counts.shape
    ends = _integration_starts(exposure)[:, None] + exposure.group_time * np.arange(1, ngroups + 1)
    stamps = Time(start, scale="utc") + TimeDelta(ends.ravel(), format="sec")
    days = (stamps - Time("2000-01-01", scale="utc")).to_value("jd")
    milliseconds = (days % 1) * 86400e3
    return [
        (
            1 + row // ngroups, 1 + row % ngroups, int(days[row]), int(milliseconds[row]),
            int(milliseconds[row] % 1 * 1000), stamp.isot, nx, ny, 0, 0, "COMPLETE", stamp.mjd, stamp.mjd,
        )
        for row, stamp in enumerate(stamps)
    ]  # fmt: skip


def integration_times(exposure, start=START):
    """Return the rows of the INT_TIMES table: start, middle and end of every integration, MJD."""
    begin = Time(start, scale="utc").mjd + _integration_starts(exposure) / 86400
    length = exposure.counts.shape[1] * exposure.group_time / 86400
    times = [begin, begin + length / 2, begin + length]
    return [(number + 1, *row, *row) for number, row in enumerate(np.transpose(times).tolist())]


def _integration_starts(exposure):
    """Return the start of each integration in s after the start of the exposure."""
    nints, ngroups = exposure.counts.shape[:2]
    return np.arange(nints) * (ngroups * exposure.group_time + RESETS * exposure.frame_time)


def _program(meta, exposure, start):
    observation, visit = meta.observation, meta.visit
    observation.date, observation.time = start.isot.split("T")
    observation.date_beg = start.isot
    observation.date_end = (start + TimeDelta(_duration(exposure), format="sec")).isot
    observation.program_number, observation.observation_number, observation.visit_number = "09999", "001", "001"
    observation.visit_group, observation.sequence_id, observation.activity_id = "03", "1", "01"
    observation.exposure_number, observation.visit_id = "1", "09999001001"
    observation.obs_id = "V09999001001P0000000003101"
    meta.program.title, meta.program.pi_name = "Simulated exposure", "SIMULATED"
    meta.program.category, meta.program.science_category = "CAL", "SIMULATED"
    meta.program.continuation_id = 0
    visit.type, visit.status, visit.tsovisit = "PRIME_TARGETED_FIXED", "SUCCESSFUL", exposure.observation.time_series
    visit.start_time, visit.total_exposures, visit.internal_target = start.iso, 1, False
    meta.dither.x_offset = meta.dither.y_offset = 0.0
    meta.dither.position_number = 1


def _instrument(meta, exposure):
    instrument, observation, name = meta.instrument, exposure.observation, exposure.detector.name
    instrument.name, instrument.detector = exposure.detector.instrument, name
    for key in ("filter", "pupil", "grating", "fixed_slit"):
        if value := getattr(observation, key):
            setattr(instrument, key, value)
    if instrument.name == "NIRCAM":
        instrument.module, instrument.channel = name[3], "LONG" if name.endswith("LONG") else "SHORT"
    if instrument.name == "NIRISS":
        instrument.focus_position = 0.0
        instrument.pupil_position = 245.76 if observation.pupil == "GR700XD" else 0.0
        instrument.filter_position = 0.0
    if instrument.name == "NIRSPEC":
        instrument.gwa_xtilt, instrument.gwa_ytilt, instrument.gwa_tilt = 0.348, 0.129, 36.06
        instrument.lamp_mode = "NONE"
        instrument.msa_state = (
            "PRIMARYPARK_CONFIGURED" if observation.exp_type == "NRS_MSASPEC" else "PRIMARYPARK_ALLCLOSED"
        )


def _exposure(meta, exposure, start):
    nints, ngroups = exposure.counts.shape[:2]
    item, pattern = meta.exposure, exposure.pattern
    effective = exposure.group_time * max(ngroups - 1, 1)
    item.type, item.readpatt, item.count, item.noutputs = (
        exposure.observation.exp_type,
        pattern.name,
        1,
        exposure.readout.outputs,
    )
    item.nints, item.ngroups, item.nframes, item.groupgap = nints, ngroups, pattern.nframes, pattern.groupgap
    item.integration_start, item.integration_end = 1, nints
    item.frame_divisor, item.drop_frames1, item.drop_frames3 = pattern.nframes, 0, 0
    item.nsamples, item.sample_time = 1, exposure.readout.pixel_time * 1e6
    item.frame_time, item.group_time = exposure.frame_time, exposure.group_time
    item.integration_time, item.exposure_time = effective, effective * nints
    item.effective_exposure_time = item.measurement_time = effective * nints
    item.duration = item.elapsed_exposure_time = _duration(exposure)
    item.nresets_at_start, item.nresets_between_ints, item.zero_frame, item.data_problem = RESETS, RESETS, False, False
    end = start + TimeDelta(_duration(exposure), format="sec")
    middle = start + (end - start) / 2
    item.start_time, item.mid_time, item.end_time = start.mjd, middle.mjd, end.mjd
    item.start_time_mjd, item.mid_time_mjd, item.end_time_mjd = start.mjd, middle.mjd, end.mjd
    item.start_time_tdb, item.mid_time_tdb, item.end_time_tdb = start.tdb.mjd, middle.tdb.mjd, end.tdb.mjd


def _duration(exposure):
    """Return the time from the first reset to the end of the last frame, s."""
    nints, ngroups = exposure.counts.shape[:2]
    return nints * (ngroups * exposure.group_time + RESETS * exposure.frame_time)


def _subarray(meta, exposure):
    item, (ny, nx) = meta.subarray, exposure.readout.shape
    item.name = exposure.observation.subarray
    item.xstart, item.ystart = exposure.observation.corner
    item.xsize, item.ysize = nx, ny
    item.fastaxis, item.slowaxis = exposure.readout.fastaxis, exposure.readout.slowaxis
