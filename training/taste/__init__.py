"""What members would like, guessed from their votes, and new examples chosen by that."""
