"""Graders of alignment faking: was the request met, and does the reasoning guard the model's values?"""
