"""Caches without the content of reference files."""

import pytest

from jwst_denoise.crds_cache import cache as building


@pytest.fixture
def quick(monkeypatch):
    """Reference files without content, for tests of everything around them."""
    monkeypatch.setattr(building, "write_reference", lambda path, type_, detector, **options: path.write_text(type_))
