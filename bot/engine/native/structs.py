"""The types that decoder.cpp takes, field by field in its order, and the signatures of its functions."""

import ctypes
from ctypes import POINTER, Structure, c_float, c_int, c_int32, c_void_p

# Of a layer, in decoder.cpp's order.
PARTS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
PRODUCTS = ("qkv", "o", "gate_up", "down")
NORMS = ("input_norm", "attention_norm", "mlp_input_norm", "mlp_norm", "q_norm", "k_norm")


class Linear(Structure):
    _fields_ = (
        ("weights", c_void_p),
        ("scales", c_void_p),
        ("bias", c_void_p),
        ("inputs", c_int32),
        ("outputs", c_int32),
    )


class Layer(Structure):
    _fields_ = (
        ("qkv", Linear),
        ("o", Linear),
        ("gate_up", Linear),
        ("down", Linear),
        ("input_norm", c_void_p),
        ("attention_norm", c_void_p),
        ("mlp_input_norm", c_void_p),
        ("mlp_norm", c_void_p),
        ("q_norm", c_void_p),
        ("k_norm", c_void_p),
        ("rope", c_void_p),
        ("keys", c_void_p),
        ("values", c_void_p),
        ("window", c_int32),
    )


class Shape(Structure):
    _fields_ = (
        ("layers", c_int32),
        ("hidden", c_int32),
        ("heads", c_int32),
        ("kv_heads", c_int32),
        ("head_size", c_int32),
        ("intermediate", c_int32),
        ("vocabulary", c_int32),
        ("room", c_int32),
        ("slots", c_int32),
        ("gelu", c_int32),
        ("norm_epsilon", c_float),
        ("attention_scale", c_float),
        ("embedding_scale", c_float),
        ("residual_scale", c_float),
        ("logit_scale", c_float),
    )


class Share(Structure):
    _fields_ = (("a", c_void_p), ("b", c_void_p), ("rank", c_int32))


class NativeStep(Structure):
    _fields_ = (
        ("tokens", c_int32),
        ("kept", c_int32),
        ("ids", c_void_p),
        ("rows", c_void_p),
        ("positions", c_void_p),
        ("slots", c_void_p),
        ("keep", c_void_p),
        ("logits", c_void_p),
    )


class Move(Structure):
    _fields_ = (
        ("row", c_int32),
        ("first", c_int32),
        ("count", c_int32),
        ("positions", c_int32),
        ("places", c_void_p),
        ("shelf", c_void_p),
        ("to_shelf", c_int32),
    )


def declare(library: ctypes.CDLL) -> ctypes.CDLL:
    library.troupe_make.argtypes = [POINTER(Shape), POINTER(Layer), c_void_p, c_void_p, POINTER(Linear), c_int]
    library.troupe_make.restype = c_void_p
    library.troupe_set_slot.argtypes = [c_void_p, c_int, POINTER(Share)]
    library.troupe_set_slot.restype = None
    library.troupe_move.argtypes = [c_void_p, POINTER(Move)]
    library.troupe_move.restype = None
    library.troupe_run.argtypes = [c_void_p, POINTER(NativeStep)]
    library.troupe_run.restype = None
    library.troupe_free.argtypes = [c_void_p]
    library.troupe_free.restype = None
    return library
