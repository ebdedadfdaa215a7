"""The commands: each module's ``main(argv)`` is a script of ``tools/``.

This file imports nothing, so that the doctor runs where nothing but Python is installed.
"""
