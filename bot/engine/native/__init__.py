"""The decoder's forward pass in C++, for int8 on a CPU: compiled on the machine it runs on, or not used at all.

`library` compiles and loads it, `structs` mirrors its types, `packing` makes of a transformers model what it takes,
`pack_file` keeps that for the next start, `weights` hands it over, `decoder` runs it.
"""

from bot.engine.native.decoder import NativeDecoder
from bot.engine.native.library import NativeUnavailable, compile_in_background, load_library
from bot.engine.native.pack_file import PackFile
from bot.engine.native.packing import PackedModel, pack_model

__all__ = [
    "NativeDecoder",
    "NativeUnavailable",
    "PackFile",
    "PackedModel",
    "compile_in_background",
    "load_library",
    "pack_model",
]
