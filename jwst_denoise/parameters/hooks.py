"""Parameters of a hook, from the parameter file of its pipeline.

stpipe creates a hook such as ``jwst_denoise.NSCleanStep`` with the defaults of its spec, and a hook string with
parameters is taken for a shell command as soon as a value holds a dot. So the parameter file of the pipeline carries a
section for this package, which stpipe ignores:

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

The same section inside an entry of ``steps`` applies to the hooks of that step only, and overrides the common one.
"""

import functools

from jwst_denoise.parameters import shipped

__all__ = ["SECTION", "check_names", "collect_hook_parameters", "hook_parameters"]

SECTION = "jwst_denoise"


def hook_parameters(config_file, alias, slot=None, known=None):
    """Parameters that the parameter file of a pipeline holds for a hook.

    Parameters
    ----------
    config_file : path-like or None
        ASDF parameter file of the pipeline. None and files in the older ``.cfg`` format hold no parameters of hooks.
    alias : str
        Alias of the hook, such as ``"nsclean"``.
    slot : str, optional
        Name of the pipeline's step that it is attached to, such as ``"jump"``.
    known : collection of str, optional
        Parameters of the step; if given, every other name is an error.

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
    parameters = _from_section(tree, alias, known, config_file)
    for step in tree.get("steps", []):
        own = _from_section(step, alias, known, config_file)
        if slot is not None and step.get("name") == slot:
            parameters.update(own)
    return parameters


def collect_hook_parameters(step, model=None, known=None):
    """Parameters of a hook, from CRDS parameter references and from the parameter file of its pipeline.

    The precedence is that of stpipe: first the reference of the step that the hook is attached to, then the reference
    of the pipeline, then the user's parameter file.

    Parameters
    ----------
    step : stpipe.Step
        The hook; a step without a parent is not one, and nothing is read.
    model : JwstDataModel, optional
        The exposure that selects the references; without it only the user's file is read.
    known : collection of str, optional
        Parameters of the step; if given, every other name is an error.

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
    parameters = {}
    for source in sources:
        parameters.update(hook_parameters(source, step.class_alias, slot, known))
    return parameters


def check_names(given, known, kind, source):
    """Refuse unknown names.

    Parameters
    ----------
    given, known : collection of str
        Names that were given, and those that exist.
    kind : str
        What the names stand for, for the message: ``"parameter of nsclean"``.
    source : path-like
        Where they were given, for the message.

    Raises
    ------
    ValueError
        Naming the first unknown one, its source and the closest known ones.
    """
    for name in given:
        if name not in known:
            raise ValueError(f"{source}: {name!r} is not a {kind}{shipped.suggest(name, known)}")


def _from_section(tree, alias, known, source):
    """Parameters of one alias in the section of a tree; all aliases of the section are checked."""
    section = tree.get(SECTION) or {}
    if not isinstance(section, dict):
        raise ValueError(f"{source}: the section {SECTION!r} must map step aliases to parameters, not {section!r}")
    check_names(section, {alias, *_aliases()}, f"step of {SECTION}", source)
    parameters = section.get(alias) or {}
    if not isinstance(parameters, dict):
        raise ValueError(f"{source}: {SECTION}: {alias} must map parameters to values, not {parameters!r}")
    if known is not None:
        check_names(parameters, known, f"parameter of {alias}", source)
    return dict(parameters)


@functools.cache
def _aliases():
    """Aliases of the steps that this package has registered with stpipe."""
    from stpipe.entry_points import get_steps

    return {step.class_alias for step in get_steps() if step.class_name.startswith("jwst_denoise.")}


def _references(step, model):
    """Parameter references that CRDS has for the pipeline's step and for the pipeline, in this order."""
    from stpipe import crds_client
    from stpipe.step import get_disable_crds_steppars

    if model is None or get_disable_crds_steppars():
        return []
    owners = [owner for owner in (step.parent, step.parent.parent) if owner is not None]
    references = []
    for owner in owners:
        try:
            file = crds_client.get_reference_file(model.get_crds_parameters(), owner.get_config_reftype(), "jwst")
        except crds_client.CrdsError:
            continue
        if file != "N/A":
            references.append(file)
    return references
