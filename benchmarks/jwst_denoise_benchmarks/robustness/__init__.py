"""The benchmark of robustness: awkward input, threads, memory, the network."""
