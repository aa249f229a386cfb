"""Schemas: of model files, and of the header keywords of the steps.

The keywords are an extension of the core schema of the JWST data models.
A data model writes only those values to the FITS header that its schema defines. asdf lets a package replace a schema
of another package: it looks through the packages in the order of their names, and the first match wins. So the core
schema is replaced here by *core schema and denoise schema*. Both consist of ``meta`` alone, which models of several
exposures rely on. Every data model then carries the status keywords of these steps through all later steps and files,
like those of the jwst steps. Nothing heavy is imported.
"""

from importlib.util import find_spec
from pathlib import Path

__all__ = ["MODEL_SCHEMA", "get_resource_mappings"]

#: File of the schema of model files.
MODEL_SCHEMA = Path(__file__).with_name("model-1.0.0.yaml")
_PREFIX = "http://stsci.edu/schemas/jwst_datamodel/"
_EXTENDED_CORE = f"""%YAML 1.1
---
$schema: "http://stsci.edu/schemas/asdf/asdf-schema-1.1.0"
id: "{_PREFIX}core.schema"
type: object
properties:
  meta:
    allOf:
    - $ref: core_of_stdatamodels.schema#/properties/meta
    - $ref: denoise.schema#/properties/meta
"""


def get_resource_mappings():
    """Schemas for asdf's entry point ``asdf.resource_mappings``.

    Returns
    -------
    list of dict
        URI → YAML text: the schema of model files, the extended core schema, the original one under another name,
        and the extension. Only the first if stdatamodels is not installed as expected, so that its own schema stays in
        force.
    """
    model = {f"asdf://jwst_denoise/schemas/{MODEL_SCHEMA.stem}": MODEL_SCHEMA.read_text()}
    original = _core_schema_path()
    if original is None:
        return [model]
    text = original.read_text().replace(f"{_PREFIX}core.schema", f"{_PREFIX}core_of_stdatamodels.schema")
    extension = Path(__file__).with_name("denoise.schema.yaml").read_text()
    return [
        model
        | {
            f"{_PREFIX}core.schema": _EXTENDED_CORE,
            f"{_PREFIX}core_of_stdatamodels.schema": text,
            f"{_PREFIX}denoise.schema": extension,
        }
    ]


def _core_schema_path():
    """Path of the core schema inside stdatamodels, found without importing it; None if it is not there."""
    spec = find_spec("stdatamodels")
    for folder in spec.submodule_search_locations or () if spec else ():
        path = Path(folder) / "jwst" / "datamodels" / "schemas" / "core.schema.yaml"
        if path.is_file():
            return path
    return None
