"""Benchmark of batches (interruptions, speed on two workers), and of the memory and threads of the steps."""
