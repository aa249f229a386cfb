"""Parameters of a step that hangs as a hook in a pipeline, from the pipeline's own parameter file.

stpipe makes a hook such as ``jwst_denoise.NSCleanStep`` with the defaults of its spec, and a hook string with
parameters is taken for a shell command as soon as a value holds a dot. So the parameter file of the pipeline carries a
section of ours, which stpipe passes over:

.. code-block:: yaml

    class: jwst.pipeline.Detector1Pipeline
    name: Detector1Pipeline
    parameters: {}
    steps:
    - class: jwst.jump.jump_step.JumpStep
      name: jump
      parameters: {post_hooks: [jwst_denoise.NSCleanStep]}
    jwst_denoise:
      nsclean: {method: gp, n_sigma: 2.5, user_mask: my_mask.fits}

The same section inside an entry of ``steps`` holds for the hooks of that step alone and wins over the common one.
"""

from jwst_denoise.parameters import shipped

__all__ = ["SECTION", "check_names", "hook_parameters", "of_hook"]

SECTION = "jwst_denoise"


def hook_parameters(config_file, alias, slot=None, known=None):
    """Parameters that a pipeline's parameter file gives to a hooked step.

    Parameters
    ----------
    config_file : path-like or None
        ASDF parameter file of the pipeline. None, or a file in the older ``.cfg`` format, has no parameters for us.
    alias : str
        Alias of the step that hangs as a hook, such as ``"nsclean"``.
    slot : str, optional
        Name of the pipeline's step that it hangs on, such as ``"jump"``.
    known : collection of str, optional
        Parameters that the step has; given, every other name is an error.

    Returns
    -------
    dict

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a step or a parameter is misspelled; the message names it, the file and the closest valid name.
    """
    if config_file is None or not str(config_file).endswith(".asdf"):
        return {}
    tree = shipped.read(config_file)
    found = _from_section(tree, alias, known, config_file)
    for step in tree.get("steps", []):
        own = _from_section(step, alias, known, config_file)
        if slot is not None and step.get("name") == slot:
            found.update(own)
    return found


def of_hook(step, model=None, known=None):
    """Parameters of a hooked step, from CRDS parameter references and from the pipeline's parameter file.

    The precedence is that of stpipe: the reference of the step that ours hangs on, the reference of the pipeline, the
    parameter file that the user gave.

    Parameters
    ----------
    step : stpipe.Step
        Our step; with no parent it is not a hook and nothing is read.
    model : JwstDataModel, optional
        The exposure, for the choice of references; without it only the user's file is read.
    known : collection of str, optional
        Parameters that the step has; given, every other name is an error.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        As `hook_parameters`.
    """
    if step.parent is None:
        return {}
    slot = step.parent.name
    sources = [*_references(step, model), step.config_file]
    found = {}
    for source in sources:
        found.update(hook_parameters(source, step.class_alias, slot, known))
    return found


def check_names(given, known, what, source):
    """Refuse names that are not known.

    Parameters
    ----------
    given, known : collection of str
        Names that were given, and those that exist.
    what : str
        What they are, for the message: ``"parameter of nsclean"``.
    source : path-like
        Where they were given, for the message.

    Raises
    ------
    ValueError
        Naming the first unknown one, its source and the closest known ones.
    """
    for name in given:
        if name not in known:
            raise ValueError(f"{source}: {name!r} is not a {what}{shipped.suggest(name, known)}")


def _from_section(tree, alias, known, source):
    """Parameters of one alias in the section of a tree, every alias of the section checked."""
    section = tree.get(SECTION) or {}
    if not isinstance(section, dict):
        raise ValueError(f"{source}: the section {SECTION!r} must map step aliases to parameters, not {section!r}")
    check_names(section, {alias, *_aliases()}, f"step of {SECTION}", source)
    found = section.get(alias) or {}
    if not isinstance(found, dict):
        raise ValueError(f"{source}: {SECTION}: {alias} must map parameters to values, not {found!r}")
    if known is not None:
        check_names(found, known, f"parameter of {alias}", source)
    return dict(found)


def _aliases():
    """Aliases of the steps that this package has registered with stpipe."""
    from stpipe.entry_points import get_steps

    return {step.class_alias for step in get_steps() if step.class_name.startswith("jwst_denoise.")}


def _references(step, model):
    """Parameter references of the pipeline's step and of the pipeline, in that order, as CRDS finds them."""
    from stpipe import crds_client
    from stpipe.step import get_disable_crds_steppars

    if model is None or get_disable_crds_steppars():
        return []
    owners = [owner for owner in (step.parent, step.parent.parent) if owner is not None]
    found = []
    for owner in owners:
        try:
            file = crds_client.get_reference_file(model.get_crds_parameters(), owner.get_config_reftype(), "jwst")
        except crds_client.CrdsError:
            continue
        if file != "N/A":
            found.append(file)
    return found
