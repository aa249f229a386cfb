"""What all steps share: status, provenance, atomic writing and optional products."""
