"""What contributors run on the code itself: the import graph and the numbers that say how readable it is."""
