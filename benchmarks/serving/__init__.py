"""Speed of mixed-adapter batches beside what a user would otherwise pick, on the same work. `make bench`."""
