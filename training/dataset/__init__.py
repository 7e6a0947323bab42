"""What a training learns from: members' feedback and what was written by hand, chosen, cleaned and split."""
