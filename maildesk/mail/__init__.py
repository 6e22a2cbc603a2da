"""The formats: bytes to values and back; knows no ticket and touches no world."""
