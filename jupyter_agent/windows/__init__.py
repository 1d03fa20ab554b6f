"""What only Windows has: its calls, by ctypes. Imported there alone, but for ``descriptor``.

Run by us under Wine only, not on Windows itself.
"""
