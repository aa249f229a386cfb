"""Steps of the jwst pipeline: they open, choose, call and record; the work on arrays is done in the layers below."""
