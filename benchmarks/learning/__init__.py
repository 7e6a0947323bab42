"""Whether the votes of simulated members change a persona as they should. `make learn`."""
