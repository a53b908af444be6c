"""The app: one window around one pipeline of `humanseg`, for calls, recordings and files.

Nothing here imports Qt before the command line was read; `humanseg_desktop.ui` is where the widgets live.
"""
