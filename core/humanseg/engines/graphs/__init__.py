"""ONNX graphs made for an engine: the network at one size in half precision, and the whole frame around it.

Needs the library onnx, which only the extras `nvidia` and `tensorrt` bring along: import these modules late.
"""
