"""The benchmark of batches: nothing is lost when workers are killed and batches interrupted; speed on two workers."""
