"""Command ``train``."""

import importlib.util
import inspect
import json
import re
from dataclasses import asdict
from pathlib import Path

import click

from jwst_denoise.extras import install_command
from jwst_denoise.training.presets import PRESETS, Preset, select_preset

__all__ = ["command"]

FAMILIES = {}
for _family, _preset in PRESETS:
    FAMILIES.setdefault(_family, []).append(_preset)
VALUES = {name: value for preset in PRESETS.values() for name, value in asdict(preset).items()}
#: Family, or family and data of the preset -> example of the use of the model.
USES = {
    "cosmic_ray_mask": "strun cosmic_ray_mask exposure_rate.fits --model={path}",
    ("cosmic_ray_mask", "ramps"): "strun cosmic_ray_mask exposure_ramp.fits --model={path}",
    "inpaint": "strun cosmic_ray_mask exposure_rate.fits --inpaint=network --inpaint_model={path}",
    ("ramp_denoise", "jwst"): "strun ramp_denoise exposure_ramp.fits --model={path}",
    "ramp_denoise": "python: jwst_denoise.load_model({path!r}).predict(groups, read_noise, ...)",
    "astro_unet": "strun image_denoise exposure_rate.fits --model={path}",
    "noise2noise": "strun image_denoise exposure_rate.fits --model={path}",
}
#: Family that is trained on pairs of exposures, and its preset for the exposures of a user.
PAIRS, OWN = "noise2noise", "own"
#: Data of presets that simulate the H4RG detector of NIRPS instead of JWST.
H4RG = ("nirps", "ribbons")
CARD = "Trained with `jwst-denoise train {family} --preset {preset}` on {data}. Check the scores before you use it.\n"


class TrainCommand(click.Command):
    """The command, with the presets and the keys of ``--set`` at the end of its help."""

    def format_epilog(self, ctx, formatter):  # noqa: D102
        with formatter.section("Families and presets"):
            formatter.write_dl([(family, ", ".join(presets)) for family, presets in FAMILIES.items()])
        for kind in dict.fromkeys(map(type, PRESETS.values())):
            with formatter.section(f"Keys of --set {_scope(kind)}"):
                formatter.write_dl(describe_settings(kind))


def _scope(kind):
    """Families, and presets of a family that has several classes of presets, to which the settings of a class apply."""
    if kind is Preset:
        return "for every preset"
    own = [key for key, preset in PRESETS.items() if type(preset) is kind]
    families = dict.fromkeys(family for family, _ in own)
    whole = sum(family in families for family, _ in PRESETS) == len(own)
    return f"for {' and '.join(families)}" + ("" if whole else f" {', '.join(name for _, name in own)}")


def describe_settings(kind):
    """Return what the settings of a class of presets mean, from its docstring.

    Parameters
    ----------
    kind : type
        Class of `jwst_denoise.training.presets`.

    Returns
    -------
    list of (str, str)
        Names, separated by commas, and their meaning.
    """
    entries = re.findall(r"^(\w+(?:, \w+)*)(?: : .*)?\n((?: {4}.+\n?)+)", inspect.getdoc(kind), flags=re.MULTILINE)
    return [(names, " ".join(meaning.replace("`", "").split())) for names, meaning in entries]


@click.command("train", cls=TrainCommand)
@click.argument("family", metavar="FAMILY")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.option("--preset", help="Size and schedule; paper needs a GPU.  [default: small; own for noise2noise FILES]")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory of checkpoints, log, weights and model file.  [default: train_FAMILY_PRESET]",
)
@click.option("--resume", is_flag=True, help="Continue from the last checkpoint in the output directory.")
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Replace a value of the preset; repeatable.")
@click.option(
    "--exposures",
    "exposures",
    multiple=True,
    metavar="FILE...",
    type=click.Path(path_type=Path),
    help="Train on these rate, cal or rateints files: three or more of one field, detector and filter. For "
    "noise2noise the option may be left out.",
)
@click.option("--start", metavar="MODEL", help="Begin with the weights of a model: name, or path of a model file.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Added to all seeds.")
def command(family, files, preset, output, resume, changes, exposures, start, seed):
    """Train a network of FAMILY, on simulated exposures or on your own.

    Training needs torch and lightning (the extra "train"), but the jwst package only to read your own exposures. After
    every epoch, a line is added to log/ and a checkpoint is saved; --resume continues from the last one.

    A noise2noise network is trained on pairs of your exposures: integrations, or exposures on the same pixels. Its
    gain on held-out exposures is written to report.txt, .json and .png.

    \b
        jwst-denoise train cosmic_ray_mask --preset small --output run
        jwst-denoise train cosmic_ray_mask --set hidden=4 --set epochs=40 --output run
        jwst-denoise train cosmic_ray_mask --output mine --exposures jw*_nrca1_cal.fits
        strun cosmic_ray_mask exposure_cal.fits --model=mine/cosmic_ray_mask-small.asdf
        jwst-denoise train noise2noise jw*_nrs1_rateints.fits --output pairs
        strun image_denoise exposure_rate.fits --model=pairs/noise2noise-own.asdf
        jwst-denoise train ramp_denoise --preset jwst --output ramps
        strun ramp_denoise exposure_ramp.fits --model=ramps/ramp_denoise-jwst.asdf
    """  # noqa: D301
    if family == PAIRS:
        exposures, files = (*exposures, *files), ()
    preset = preset or (OWN if family == PAIRS and exposures else "small")
    if files and not exposures:
        raise click.UsageError(f"{files[0]}: unexpected file; give exposures for training with --exposures")
    overrides = {"seed": seed} | dict(_change(text) for text in changes)
    _check(family, preset, overrides, exposures)
    output = output or Path(f"train_{family}_{preset}")
    _guard(output, resume)
    stacks = _read((*exposures, *files)) if exposures else None

    from jwst_denoise import model_files
    from jwst_denoise.training import train

    start = start and model_files.load(start, "cpu")
    train(family, preset, output, resume=resume, exposures=stacks, start=start, **overrides)
    _describe(output, family, preset, stacks)
    model = _finish(output, family, preset)
    if family == PAIRS and stacks and model:
        from jwst_denoise.commands.train_report import write_report

        click.echo(write_report(output, model, stacks))


def _change(text):
    """Return the name and value of KEY=VALUE, converted to the type in the preset."""
    name, _, value = text.partition("=")
    if name not in VALUES:
        raise click.BadParameter(f"{text!r}: a preset has no {name!r}; known: {', '.join(VALUES)}")
    kind = type(VALUES[name])
    try:
        return name, kind(value)
    except ValueError:
        expected = {int: "an integer", float: "a number"}[kind]
        raise click.BadParameter(f"{text!r}: {name} must be {expected}, such as {VALUES[name]}") from None


def _check(family, preset, overrides, exposures):
    """Refuse invalid settings before anything is read or written."""
    settings = select_preset(family, preset, **overrides)
    if exposures and settings.data not in ("images", "pairs"):
        raise click.UsageError(
            f"preset {preset} is trained on simulations; leave out --exposures, or use another preset or family"
        )
    missing = [name for name in ("torch", "lightning") if importlib.util.find_spec(name) is None]
    if missing:
        raise click.ClickException(f"training needs {' and '.join(missing)}: {install_command('train')}")


def _guard(output, resume):
    """Refuse to overwrite an earlier training."""
    if (output / "checkpoints").exists() and not resume:
        raise click.UsageError(f"{output} contains a training; continue it with --resume, or give another --output")


def _read(paths):
    from jwst_denoise.exposure_io.stacks import read_stacks

    stacks = read_stacks(paths)
    for stack in stacks:
        click.echo(f"{stack.setup}: {len(stack)} exposures")
    return stacks


def _describe(output, family, preset, stacks):
    """Write ``about.json`` and ``card.md``, which `jwst_denoise.model_files.pack` needs, unless they exist."""
    if stacks:
        data = f"exposures of the user: {'; '.join(stack.setup for stack in stacks)}"
        instruments = {"instruments": sorted({stack.setup.split()[0] for stack in stacks})}
    elif PRESETS[family, preset].data in H4RG:
        data, instruments = "simulated ramps of an H4RG with 32 outputs", {"instruments": ["NIRPS"]}
    else:
        data, instruments = "simulated exposures of JWST's near-infrared detectors", {}
    about = {"domain": {"description": f"Trained on {data}"} | instruments, "licence": "NOASSERTION"}
    texts = {
        "about.json": json.dumps(about, indent=1),
        "card.md": CARD.format(family=family, preset=preset, data=data),
    }
    for name, text in texts.items():
        if not (output / name).exists():
            (output / name).write_text(text, encoding="utf-8")


def _finish(output, family, preset):
    """Write the model file if asdf is installed, and print its use; return its path, or None."""
    path = output / f"{family}-{preset}.asdf"
    if importlib.util.find_spec("asdf") is None:
        click.echo(f"{output}: trained. Writing the model file needs asdf; where it is installed, run")
        click.echo(f"  jwst-denoise models pack {output} {path.name}")
        return None
    from jwst_denoise import model_files

    model_files.pack(output, path, overwrite=True)
    click.echo(f"{path}: model file; its card: jwst-denoise models show {path}")
    use = USES.get((family, PRESETS[family, preset].data), USES[family])
    click.echo(f"  {use.format(path=str(path))}")
    return path
