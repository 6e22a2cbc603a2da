"""Business time: when a desk is open, in real time.

calendar           open or closed, elapsed, due; several offices in one
hours, open_spans  a week as people write it; spans of UTC
public_holidays    the dates of a country
*_file             how sla.yaml writes them
"""
