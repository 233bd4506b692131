"""Conversations as stored: written once per content, never overwritten, found again by what was said of them."""
