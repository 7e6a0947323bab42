"""The decoder's forward pass in C++, for int8 on a CPU: compiled on the machine it runs on, or not used at all.

`library` compiles and loads it, `structs` mirrors its types, `weights` packs a transformers model for it, `decoder`
runs it.
"""

from bot.engine.native.decoder import NativeDecoder
from bot.engine.native.library import NativeUnavailable, compile_in_background, load_library
from bot.engine.native.weights import refuse_unknown

__all__ = ["NativeDecoder", "NativeUnavailable", "compile_in_background", "load_library", "refuse_unknown"]
