"""Figures of units, pairs of units and meetings."""
