"""Owns bringing other people's formats in: files of examples become pairs, or running text, for one persona.

`reading` turns bytes into text, `records` knows what fields are called, `tables`, `json_lines` and `scripts` read one
format each, `importer` judges what they found and writes it.
"""
