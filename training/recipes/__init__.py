"""How an adapter is trained: a short file per method over TRL and PEFT, and what the methods share.

It knows token ids and hyper-parameters; nothing of personas, members or files of a version.
"""
