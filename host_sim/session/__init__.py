"""Scripted keypad sessions: a plain-text format, its parser, the player and the transcript (docs/simulator.md)."""
