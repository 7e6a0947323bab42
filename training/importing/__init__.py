"""Brings other people's formats in: examples, chats and scripts become pairs, or running text, for one persona.

`reading` and `archives` turn bytes into text, `formats` is the table of readers, a module each; `records`, `turns` and
`chat` make pairs of what they read, `markup` cleans them, `importer` judges and writes them.
"""
