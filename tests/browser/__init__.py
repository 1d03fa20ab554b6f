"""What a person sees: JupyterLab and other pages in a real browser.

A package, so that its tests share a browser and a page, which end before other tests begin.
"""
