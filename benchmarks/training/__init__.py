"""What training, evaluation and a year of votes cost. `make bench-training`."""
