"""The tools for agents that speak MCP, over standard input and output and over HTTP.

An agent here is a narrow token (``agenttoken``): it names secrets by label, every use is asked for,
and no tool gives a value. The room has no code for the person key, and its SDK, of which two
generations are in use, is met in ``sdk`` and nowhere else.
"""
