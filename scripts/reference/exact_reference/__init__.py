"""Exact inference, semantics version 1, in NumPy: a reading of docs/spec/exact-inference.md.

It shares no code with the Rust crates. Arrays are int64 unless said otherwise; the specification's
bounds are why nothing overflows. It is written to be read, not to be fast.
"""
