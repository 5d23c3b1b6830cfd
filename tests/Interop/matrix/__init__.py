"""The interoperability matrix: which client gets through which transport of a running relay."""
