"""Alignment coverage and missing handshakes, found before the meeting."""
